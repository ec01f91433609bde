"""Brands to read mentions for."""

from zoneinfo import ZoneInfo

from buzzwatch.model.brand import Brand, Match


def brand(key, *names, not_us=(), near=(), official=(), themes=None, voices=None):
    return Brand(
        key=key,
        name=key.title(),
        zone=ZoneInfo("Europe/Paris"),
        timezone="Europe/Paris",
        language="fr",
        competitor=False,
        match=Match(tuple(names), tuple(not_us), tuple(near)),
        official=frozenset(official),
        rules=(),
        themes=themes or {},
        voices=voices or {},
    )


def brands(*listed):
    return {each.key: each for each in listed}
