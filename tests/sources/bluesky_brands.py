"""Brands to listen for."""

from zoneinfo import ZoneInfo

from buzzwatch.model.brand import Brand, Match


def watch(**names):
    """By key, the names that each is known by."""
    return {
        key: Brand(
            key=key,
            name=key.title(),
            zone=ZoneInfo("Europe/Paris"),
            timezone="Europe/Paris",
            language="fr",
            competitor=False,
            match=Match(tuple(listed)),
            official=frozenset(),
            rules=(),
        )
        for key, listed in names.items()
    }
