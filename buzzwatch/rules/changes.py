"""How two rule sets differ."""

from collections.abc import Mapping

from msgspec.structs import replace

from buzzwatch.model.brand import Brand, Rule, Ruleset
from buzzwatch.model.rota import Listed, Rota


def changes(old: Ruleset, new: Ruleset) -> list[str]:
    """What differs, one line each, for who has just edited the files."""
    bare = [
        {
            key: replace(brand, rules=(), shadows=(), slow=None, peers=(), campaigns=())
            for key, brand in ruleset.brands.items()
        }
        for ruleset in (old, new)
    ]
    lines = _differences("brand", *bare)
    for key in sorted(old.brands.keys() & new.brands.keys()):
        before, after = (_by_name(ruleset.brands[key]) for ruleset in (old, new))
        lines += [f"{key}: {line}" for line in _differences("rule", before, after)]
        lines += [f"{key}: rule {line}" for line in _moves(old.brands[key], new.brands[key])]
        if old.brands[key].campaigns != new.brands[key].campaigns:
            lines.append(f"{key}: calendar changed")
    lines += _differences("person", old.people, new.people)
    lines += _differences(
        "rota", *({name: _as_written(rota) for name, rota in each.rotas.items()} for each in (old, new))
    )
    if old.night != new.night:
        lines.append("night changed")
    if old.answer_within != new.answer_within:
        lines.append("answer_within changed")
    if old.daily != new.daily:
        lines.append("digest changed")
    return lines + _differences("route", old.routes, new.routes)


def _as_written(rota: Rota | Listed) -> Rota | Listed:
    return replace(rota, shifts=()) if isinstance(rota, Listed) else rota


def _by_name(brand: Brand) -> dict[str, Rule]:
    return {rule.name: rule for rule in (*brand.rules, *brand.shadows, brand.slow) if rule is not None}


def _moves(old: Brand, new: Brand) -> list[str]:
    """Rules that came out of the shadow, and that went there."""
    before, after = ([{rule.name for rule in rules} for rules in (each.rules, each.shadows)] for each in (old, new))
    out = [f"`{name}`: shadow → live" for name in sorted(before[1] & after[0])]
    return out + [f"`{name}`: live → shadow" for name in sorted(before[0] & after[1])]


def _differences(kind: str, old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    lines = []
    for key in sorted(old.keys() | new.keys()):
        if key not in old:
            lines.append(f"{kind} `{key}` added")
        elif key not in new:
            lines.append(f"{kind} `{key}` removed")
        elif old[key] != new[key]:
            lines.append(f"{kind} `{key}` changed")
    return lines
