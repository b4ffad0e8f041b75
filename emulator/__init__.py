"""A stand-in for the task APIs of CDN, DCDN and VOD and for OSS, over real HTTP: `python -m emulator`. Not deployed."""
