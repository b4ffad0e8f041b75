"""Who signed a request to OSS: the signature versions that OSS accepts."""
