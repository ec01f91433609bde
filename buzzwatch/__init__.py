"""Watches what is said of a brand and tells the person on call."""

__version__ = "0.1.0"
