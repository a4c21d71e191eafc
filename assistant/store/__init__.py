"""Models and voices on disk: what there is, where it lies, how it is fetched and verified, which variant is used."""
