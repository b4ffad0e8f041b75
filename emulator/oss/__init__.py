"""A stand-in for Object Storage Service: buckets, objects, V4 signatures, in path style on the emulator's own port."""
