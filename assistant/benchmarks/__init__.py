"""The measurements of `assistant bench`: each contender runs in a process of its own, so that its peak memory is its own."""
