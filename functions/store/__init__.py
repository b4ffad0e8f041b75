"""Where outcomes are kept: the port to an object store, and OSS behind it."""
