"""The files that communications staff edit: typed, checked, compiled."""
