"""Webhooks of other tools; `adapter` is what hears."""
