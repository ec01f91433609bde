"""What `check` finds of the addresses of people and channels, as far as their secrets are there."""

from collections.abc import Iterator, Mapping

from buzzwatch.app.config import LONGEST_LINK, AddressError, Config, url_of
from buzzwatch.app.secret import SecretError, Secrets
from buzzwatch.delivery.channels.apprise import is_brief, refusal
from buzzwatch.model.brand import Person, Ruleset
from buzzwatch.rules.faults import Fault
from buzzwatch.rules.files import ONCALL, whole_fault
from buzzwatch.rules.text import blot_addresses, parse
from buzzwatch.rules.words import Said, Words
from buzzwatch.rules.written import CONSOLE

_TEXT = "sms"
"""The means whose messages are short whatever carries them."""


def refused(rules: Ruleset, files: Mapping[str, str], config: Config, secrets: Secrets) -> list[Fault]:
    """Apprise URLs that Apprise does not take: nothing would ever reach anybody by them."""
    documents = [parse(file, files[file], blot_addresses) for file in sorted(files.keys() & set(ONCALL))]
    faults = []
    for person, means, address in _reaches(rules):
        found = _refusal(address, config, secrets)
        if found is not None:
            place = ("people", person.key, "reach", means)
            faults += [
                document.fault(
                    document.value_place(place),
                    "`{person}` cannot be reached by `{means}`: {why}",
                    found[1],
                    person=person.key,
                    means=means,
                    why=found[0],
                )
                for document in documents
            ]
    for name, channel in config.channels.items():
        if channel.url and (found := _refusal(channel.url, config, secrets)) is not None:
            said = "channel `{channel}`: {why}"
            faults.append(whole_fault("buzzwatch.yaml", said, found[1], channel=name, why=found[0]))
    return faults


def too_long(rules: Ruleset, config: Config, secrets: Secrets) -> list[Words]:
    """A sentence where the links in text messages that somebody gets leave too little room for words."""
    excess, base = config.web.excess, config.web.base_url
    if not excess:
        return []
    got = [
        {"name": person.key, "means": means}
        for person, means, address in _reaches(rules)
        if means == _TEXT or _is_brief(address, config, secrets)
    ]
    said = (
        "`public_url` {base} makes links too long for text messages, which {name} by {means} gets: "
        "let it have at most {most} characters, for links of {length}"
    )
    values = {"base": base, "most": len(base) - excess, "length": LONGEST_LINK}
    return [Said(said, {**values, **who}) for who in got[:1]]


def _reaches(rules: Ruleset) -> Iterator[tuple[Person, str, str]]:
    return ((person, means, address) for person in rules.people.values() for means, address in person.reach.items())


def _url(address: str, config: Config, secrets: Secrets) -> str | None:
    """None: not known here, or told elsewhere."""
    try:
        url = url_of(address, config, secrets)
    except (SecretError, AddressError):
        return None
    return None if url == CONSOLE else url


def _refusal(address: str, config: Config, secrets: Secrets) -> tuple[Words, Words] | None:
    url = _url(address, config, secrets)
    return None if url is None else refusal(url)


def _is_brief(address: str, config: Config, secrets: Secrets) -> bool:
    url = _url(address, config, secrets)
    return url is not None and is_brief(url)
