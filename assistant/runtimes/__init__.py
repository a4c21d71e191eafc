"""One engine a file, each behind a Protocol of `interfaces`. Nothing but `assembly` imports them."""
