"""The state of everything at one look: for the status page and for a terminal."""
