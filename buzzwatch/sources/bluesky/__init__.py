"""Bluesky, as Jetstream tells it; `adapter` is what hears."""
