"""The sources of a running daemon: made, run, watched, and shown."""
