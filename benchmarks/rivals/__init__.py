"""Other ways to tell that a brand is in trouble, side by side with ours, on the same streams at as many alarms."""

TICK = 5
"""Minutes between two looks, of everybody's."""
HOUR = 60 // TICK
DAY, WEEK = 24 * HOUR, 168 * HOUR
"""Ticks."""
