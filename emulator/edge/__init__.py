"""An edge of CDN in front of a bucket: it keeps what it fetched until a refresh of it is complete."""
