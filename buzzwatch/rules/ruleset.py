"""The rules directory, read and compiled."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from buzzwatch.model.brand import Brand, Match, Route, Rule, Ruleset, Scope
from buzzwatch.model.incident import Severity
from buzzwatch.model.instant import DAY, HOUR, LONGEST_WINDOW, MINUTE, Span
from buzzwatch.model.rota import Listed, Rota
from buzzwatch.rules import schema, when
from buzzwatch.rules.calendar import CALENDAR, campaigns_of, overlaps
from buzzwatch.rules.condition import Compiled, Unasked, comparisons
from buzzwatch.rules.faults import Fault, RuleFaults
from buzzwatch.rules.oncall import OncallFile
from buzzwatch.rules.roster import daily_of, night_of, outline_of, people_of, rotas_of, routes_of
from buzzwatch.rules.text import LARGEST_FILE, Document, Value, blot_addresses, parse
from buzzwatch.rules.units import nearest, shown
from buzzwatch.rules.validate import validate
from buzzwatch.rules.written import CONSOLE, Outline, Written

ONCALL = ("oncall.yaml", "oncall.yml")
SHARED = (*ONCALL, *CALENDAR)
"""Files that describe no brand."""

_RATES = {Severity.CRITICAL: 1 / 30, Severity.WARNING: 1 / 7, Severity.WATCH: 1 / 7}
"""False alarms a day where a rule names no budget."""
_LEAST_CALM: Span = 30 * MINUTE
_MOMENTARY = (when.Thread, when.Quiet, when.Unanswered)
"""Conditions that no window of time keeps true: a silence is over once somebody is heard."""
_SLOW_RATE = 1 / 30
_SLOW_CALM: Span = 3 * DAY + LONGEST_WINDOW
"""Three days that are judged and do not keep it; the last of them may have been waited for."""
_PRIVATE = frozenset({"reach", "ical"})
"""Keys of `oncall.yaml` whose values no fault repeats."""
_SAYS: dict[str, dict[type[Written], str]] = {
    "fr": {
        when.Mention: "Un message à regarder",
        when.Thread: "Une conversation s'emballe",
        when.Quiet: "Plus aucun message",
        when.Unanswered: "Des plaintes attendent une réponse",
        when.Negativity: "Plus de messages en colère que d'habitude",
        when.Volume: "Plus de messages que d'habitude",
        when.Spread: "On en parle sur plusieurs sources",
    },
    "en": {
        when.Mention: "A post to look at",
        when.Thread: "A conversation is taking off",
        when.Quiet: "No posts any more",
        when.Unanswered: "Complaints wait for an answer",
        when.Negativity: "More angry posts than usual",
        when.Volume: "More posts than usual",
        when.Spread: "Several sources talk of it",
    },
}
"""What a rule says where it says nothing itself, by the first kind of condition it has, in this order."""
_SAYS_SLOW = {"fr": "Un sujet revient jour après jour", "en": "A subject keeps coming back, day after day"}


def read(directory: Path) -> dict[str, str]:
    """The text of each `*.yaml` and `*.yml` directly in a directory, by file name.

    Raises:
        RuleFaults: the directory or a file cannot be read, is too large, or is no UTF-8 text.
    """
    texts: dict[str, str] = {}
    faults: list[Fault] = []
    try:
        paths = sorted(path for path in directory.iterdir() if path.suffix in {".yaml", ".yml"})
    except OSError as error:
        said = f"the rules directory cannot be read: {error.strerror}"
        raise RuleFaults([_whole(str(directory), said, "check `rules` in buzzwatch.yaml")]) from None
    for path in paths:
        try:
            texts[path.name] = read_text(path)
        except RuleFaults as refused:
            faults += refused.faults
    if faults:
        raise RuleFaults(faults)
    return texts


def read_text(path: Path) -> str:
    """The text of one file; raises `RuleFaults` as `read` does."""
    try:
        if path.exists() and not path.is_file():  # a pipe would keep us waiting
            raise RuleFaults([_whole(path.name, "not a regular file", "move it out of the way")])
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise RuleFaults([_whole(path.name, f"larger than {LARGEST_FILE:,} bytes", "split it")])
        return content.decode("utf-8-sig")
    except OSError as error:
        raise RuleFaults(
            [_whole(path.name, f"cannot be read: {error.strerror}", "check its path and permissions")]
        ) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        column = error.start - (error.object.rfind(b"\n", 0, error.start) + 1) + 1
        byte = error.object[error.start]
        said = f"not UTF-8 text (byte 0x{byte:02x})"
        raise RuleFaults([Fault(path.name, line, column, "", said, "save the file as UTF-8")]) from None


def load(files: Mapping[str, str]) -> Ruleset:
    """Compile the texts of a rules directory, by file name.

    Raises:
        RuleFaults: everything that is wrong in any of the files.
    """
    faults: list[Fault] = []
    documents = _parsed(files, faults)
    outline = _outline(documents)
    oncall = OncallFile()
    calendar = schema.CalendarFile(campaigns=())
    brands: list[tuple[Document, schema.BrandFile]] = []
    for file, document in documents.items():
        try:
            if file in ONCALL:
                oncall = validate(document, OncallFile, outline, _PRIVATE)
            elif file in CALENDAR:
                calendar = validate(document, schema.CalendarFile, outline)
                faults += overlaps(document, calendar, _ours(documents))
            else:
                brands.append((document, validate(document, schema.BrandFile, _with_groups(outline, document.value))))
        except RuleFaults as refused:
            faults += refused.faults
    faults += _repeated(document for file, document in documents.items() if file not in SHARED)
    if not any(file not in SHARED for file in files):
        faults.append(_whole("*.yaml", "no brand is described here", "add a file that begins with `brand: …`"))
    if faults:
        raise RuleFaults(faults)
    routes = routes_of(oncall)
    written = [each for _, each in brands]
    sectors = _sectors(written)
    compiled = [
        replace(_brand(each, routes), peers=sectors.get(each.brand, ()), campaigns=campaigns_of(calendar, each))
        for each in written
    ]
    return Ruleset(
        _digest(files),
        {brand.key: brand for brand in compiled},
        people_of(oncall),
        routes,
        oncall.help,
        rotas=rotas_of(oncall),
        night=night_of(oncall),
        timezone=oncall.timezone,
        daily=daily_of(oncall),
        pages_per_person=oncall.pages_per_person,
        answer_within=oncall.answer_within,
    )


def check_channels(files: Mapping[str, str], channels: Collection[str]) -> list[Fault]:
    """Copies of `oncall.yaml` to channels that are not there; `files` are such as `load` accepts."""
    faults: list[Fault] = []
    valid = [*sorted(channels), CONSOLE]
    for file in sorted(files.keys() & set(ONCALL)):
        document = parse(file, files[file], blot_addresses)
        for name, route in validate(document, OncallFile).routes.items():
            for index, channel in enumerate(route.copy_to):
                if channel not in valid:
                    place = document.value_place(("routes", name, "copy", index))
                    message = f"{shown(channel)} is not a channel of buzzwatch.yaml"
                    faults.append(document.fault(place, message, nearest(channel, valid)))
    return faults


def dead_ends(ruleset: Ruleset, channels: Collection[str]) -> list[str]:
    """One sentence for each critical rule that would reach nobody."""
    return [
        f"{brand.key}: the critical rule `{rule.name}` reaches nobody by the route `{rule.notify}`"
        for brand in ruleset.brands.values()
        for rule in brand.rules
        if rule.severity is Severity.CRITICAL and not _leads_somewhere(ruleset.routes[rule.notify], channels)
    ]


def changes(old: Ruleset, new: Ruleset) -> list[str]:
    """What differs, one line each, for who has just edited the files."""
    bare = [
        {key: replace(brand, rules=(), slow=None, peers=(), campaigns=()) for key, brand in ruleset.brands.items()}
        for ruleset in (old, new)
    ]
    lines = _differences("brand", *bare)
    for key in sorted(old.brands.keys() & new.brands.keys()):
        before, after = (_by_name(ruleset.brands[key]) for ruleset in (old, new))
        lines += [f"{key}: {line}" for line in _differences("rule", before, after)]
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
    return {rule.name: rule for rule in (*brand.rules, brand.slow) if rule is not None}


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


def _leads_somewhere(route: Route, channels: Collection[str]) -> bool:
    return bool(route.steps) or any(channel == CONSOLE or channel in channels for channel in route.copy)


def _whole(file: str, message: str, remedy: str) -> Fault:
    return Fault(file, 0, 0, "", message, remedy)


def _digest(files: Mapping[str, str]) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for file, text in sorted(files.items()):
        for part in (file, text):
            content = part.encode("utf-8", "surrogatepass")
            digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()


def _parsed(files: Mapping[str, str], faults: list[Fault]) -> dict[str, Document]:
    """Every file that is valid YAML, in the order of the names; the faults of the others are added."""
    documents: dict[str, Document] = {}
    for file, text in sorted(files.items()):
        try:
            documents[file] = parse(file, text, blot_addresses if file in ONCALL else None)
        except RuleFaults as refused:
            faults += refused.faults
    for names in (ONCALL, CALENDAR):
        found = [file for file in documents if file in names]
        if len(found) > 1:
            faults.append(_whole(found[1], f"{found[0]} is there as well", "keep one of them"))
    return documents


def _ours(documents: Mapping[str, Document]) -> dict[str, bool]:
    """Every brand that has a key, and whether it is one of ours, before its file is known to be right."""
    written = (document.value for file, document in documents.items() if file not in SHARED)
    brands = ((each.get("brand"), each.get("role", "ours")) for each in written if isinstance(each, dict))
    return {key: role == "ours" for key, role in brands if isinstance(key, str)}


def _outline(documents: Mapping[str, Document]) -> Outline:
    """What may be referred to, as far as it can be told before the files are known to be right."""
    written = next((documents[file].value for file in ONCALL if file in documents), None)
    return replace(outline_of(written), brands=tuple(_ours(documents)))


def _with_groups(outline: Outline, written: Value) -> Outline:
    """With the themes and voices of one brand file."""
    groups = ((written.get(key, {}) if isinstance(written, dict) else None) for key in ("themes", "voices"))
    themes, voices = (tuple(group) if isinstance(group, dict) else None for group in groups)
    return replace(outline, themes=themes, voices=voices)


def _repeated(documents: Iterable[Document]) -> list[Fault]:
    """Brands and rules that have the name of an earlier one."""
    faults: list[Fault] = []
    brands: dict[str, str] = {}
    for document in documents:
        written = document.value if isinstance(document.value, dict) else {}
        key = written.get("brand")
        if isinstance(key, str) and brands.setdefault(key, document.file) != document.file:
            message = f"the brand `{key}` is described in {brands[key]} already"
            faults.append(document.fault(document.value_place(("brand",)), message, "choose another key"))
        seen: set[str] = set()
        rules = written.get("rules")
        for index, rule in enumerate(rules if isinstance(rules, list) else ()):
            name = rule.get("name") if isinstance(rule, dict) else None
            if isinstance(name, str) and name in seen:
                place = document.value_place(("rules", index, "name"))
                faults.append(document.fault(place, f"a rule `{name}` is there already", "choose another name"))
            elif isinstance(name, str):
                seen.add(name)
    return faults


def _sectors(brands: Iterable[schema.BrandFile]) -> dict[str, tuple[str, ...]]:
    """By brand that has a sector: all brands of it."""
    sectors: dict[str, list[str]] = {}
    for brand in brands:
        if brand.sector is not None:
            sectors.setdefault(" ".join(brand.sector.casefold().split()), []).append(brand.brand)
    together = map(tuple, sectors.values())
    return {key: keys for keys in together for key in keys}


def _brand(written: schema.BrandFile, routes: Mapping[str, Route]) -> Brand:
    return Brand(
        key=written.brand,
        name=written.name or written.brand,
        zone=ZoneInfo(written.timezone),
        timezone=written.timezone,
        language=written.language,
        competitor=written.role == "competitor",
        match=Match(written.match.any, written.match.not_us, written.match.near),
        official=frozenset(written.official),
        rules=tuple(_rule(rule, written.language, routes) for rule in written.rules),
        sector=written.sector,
        themes=written.themes,
        voices={voice: frozenset(accounts) for voice, accounts in written.voices.items()},
        crm_link=written.crm_link,
        slow=None if written.slow is None else _slow(written.slow, written.language, routes),
    )


def _slow(written: schema.Slow, language: str, routes: Mapping[str, Route]) -> Rule:
    """Of a brand's slow signals: a line on the list whatever happens, whoever's brand it is."""
    notify = written.notify or next(name for name in ("care-desk", "oncall", CONSOLE) if name in routes)
    return Rule(
        name="slow",
        says=_SAYS_SLOW[language],
        when=Unasked(),
        scope=Scope.DAY,
        severity=Severity.WATCH,
        notify=notify if notify in routes else CONSOLE,
        rate=written.budget or _SLOW_RATE,
        calm=_SLOW_CALM,
        wakes=False,
    )


def _rule(written: schema.Rule, language: str, routes: Mapping[str, Route]) -> Rule:
    severity = Severity[written.severity.upper()]
    rate = written.budget or _RATES[severity]
    leaves = list(written.when.leaves)
    default = "oncall" if "oncall" in routes else CONSOLE
    notify = written.notify or default
    return Rule(
        name=written.name,
        says=written.says or next(says for kind, says in _SAYS[language].items() if _has(leaves, kind)),
        when=Compiled(written.when, written.name, rate),
        scope=_scope(leaves),
        severity=severity,
        notify=notify if notify in routes else default,
        rate=rate,
        calm=max([_LEAST_CALM, *map(_calm, leaves)]),
        quiet_over=_silence(written.when),
        spread_over=max((leaf.over for leaf in leaves if isinstance(leaf, when.Spread)), default=None),
        least=_least(written.when),
        do=written.do,
        runbook=written.runbook,
        wakes=written.at_night == "wake" if written.at_night else severity is Severity.CRITICAL,
        comparisons=comparisons(written.when),
        unanswered=tuple((leaf.over, leaf.at_least) for leaf in leaves if isinstance(leaf, when.Unanswered)),
    )


def _calm(leaf: when.Leaf) -> Span:
    """How long a condition's window keeps it true; volume over all windows together is taken for an hour."""
    if isinstance(leaf, _MOMENTARY):
        return 0
    return leaf.over or (HOUR if isinstance(leaf, when.Volume) else 0)


def _has(leaves: Iterable[when.Leaf], kind: type[Written]) -> bool:
    return any(isinstance(leaf, kind) for leaf in leaves)


def _scope(leaves: list[when.Leaf]) -> Scope:
    if _has(leaves, when.Mention):
        return Scope.MENTION
    if _has(leaves, when.Thread):
        return Scope.THREAD
    return Scope.QUIET if _has(leaves, when.Quiet) else Scope.BRAND


def _least(when: when.When) -> int:
    """How many mentions a conversation must have before the rule can hold; 0 where that cannot be told beforehand."""
    thread = when.thread
    needed = (
        0 if thread is None else max(int(thread.mentions or 0), int(thread.authors or 0), 2 * bool(thread.escalating))
    )
    return max([needed, *map(_least, when.all or ())])


def _silence(when: when.When) -> Span | None:
    """The shortest silence at which a rule may hold; None if it asks for none."""
    needed = [] if when.quiet is None else [when.quiet.over]
    needed += [over for part in when.all or () if (over := _silence(part)) is not None]
    choice = [over for part in when.any or () if (over := _silence(part)) is not None]
    needed += [min(choice)] if choice else []
    return max(needed, default=None)
