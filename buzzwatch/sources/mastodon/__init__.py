"""Mastodon instances; `adapter` is what hears."""
