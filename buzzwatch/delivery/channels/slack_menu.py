"""The rarer answers as one menu below a message in Slack, and what a chosen one means.

A `static_select` with groups: https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element. Limits: 75
characters a label, 150 an option's value, 100 options a group.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from buzzwatch.model.input import Verb

ACTION = "more"
"""The `action_id` of the menu."""
_LONGEST_VALUE = 150


class Choice(Struct, frozen=True):
    """What an option asks for: `span` of a wait or a snooze, `why` of a wait."""

    verb: Verb
    span: str = ""
    why: str = ""


class _Words(Struct, frozen=True):
    """One language."""

    more: str
    groups: tuple[str, str, str]
    spans: dict[str, str]
    reasons: dict[str, str]
    """By how long that takes: everybody who was told reads the reason."""
    help: str
    no_matter: str


_WORDS = {
    "fr": _Words(
        more="Autres réponses…",
        groups=("Me rappeler dans", "On attend", "Autre"),
        spans={"15m": "15 min", "30m": "30 min", "1h": "1 h"},
        reasons={
            "30m": "on vérifie les faits",
            "1h": "la réponse est en cours de rédaction",
            "2h": "répondre maintenant l’amplifierait",
        },
        help="J’ai besoin d’aide",
        no_matter="Vrai, mais sans importance (clôt l’alerte)",
    ),
    "en": _Words(
        more="Other answers…",
        groups=("Ring me again in", "We wait", "Other"),
        spans={"15m": "15 min", "30m": "30 min", "1h": "1 h"},
        reasons={
            "30m": "we are checking the facts",
            "1h": "an answer is being written",
            "2h": "to answer now would feed it",
        },
        help="I need help",
        no_matter="True, but no matter (closes it)",
    ),
}
_SHOWN_SPANS: Mapping[str, str] = {"30m": "30 min", "1h": "1 h", "2h": "2 h"}


def menu(incident: str, language: str) -> list[dict[str, Any]]:
    """The element; none where the name of an incident is too long for it."""
    words = _WORDS.get(language, _WORDS["en"])
    colon = "\u00a0: " if words is _WORDS["fr"] else ": "
    snooze, wait, other = words.groups
    groups = {
        snooze: {f"{Verb.SNOOZE} {span} {incident}": shown for span, shown in words.spans.items()},
        wait: {
            f"{Verb.WAIT} {span} {incident}": f"{_SHOWN_SPANS[span]}{colon}{why}" for span, why in words.reasons.items()
        },
        other: {f"{Verb.HELP} - {incident}": words.help, f"{Verb.NO_MATTER} - {incident}": words.no_matter},
    }
    if max(len(value) for options in groups.values() for value in options) > _LONGEST_VALUE:
        return []
    return [
        {
            "type": "static_select",
            "action_id": ACTION,
            "placeholder": _plain(words.more),
            "option_groups": [
                {
                    "label": _plain(label),
                    "options": [{"text": _plain(shown), "value": value} for value, shown in options.items()],
                }
                for label, options in groups.items()
            ],
        }
    ]


def read_choice(value: str, language: str) -> tuple[Choice, str] | None:
    """What an option's value asks for, with the reason in a language, and of which incident; None: nothing of ours."""
    words = _WORDS.get(language, _WORDS["en"])
    verb, _, rest = value.partition(" ")
    span, _, incident = rest.partition(" ")
    if verb == Verb.SNOOZE and span in words.spans:
        return Choice(Verb.SNOOZE, span), incident
    if verb == Verb.WAIT and span in words.reasons:
        return Choice(Verb.WAIT, span, words.reasons[span]), incident
    return (Choice(Verb(verb)), incident) if verb in {Verb.HELP, Verb.NO_MATTER} else None


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}
