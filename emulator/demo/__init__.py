"""`make demo`: the emulator and the web function side by side, with a bucket whose changes are followed."""
