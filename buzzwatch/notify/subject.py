"""The subject of the letters about an incident: the same in all of them, whatever became of it since.

Mail programs put letters together by subject and references; one whose subject tells a state would begin another
conversation at each change.
"""

from msgspec import Struct

from buzzwatch.notify.facts import Facts


class Words(Struct, frozen=True):
    """One language."""

    subject: str
    silence: str
    topic: str
    story: str
    conversation: str


WORDS = {
    "fr": Words(
        subject="{brand}\u00a0: {about}, {time} [{incident}]",
        silence="plus aucun post",
        topic="«\u00a0{topic}\u00a0» revient",
        story="une même histoire",
        conversation="une conversation",
    ),
    "en": Words(
        subject="{brand}: {about}, {time} [{incident}]",
        silence="no posts any more",
        topic="“{topic}” keeps coming back",
        story="one story",
        conversation="one conversation",
    ),
}


def subject(facts: Facts) -> str:
    """Of which brand, what it is about, when it was opened, and the incident: nothing that changes."""
    words, incident = WORDS[facts.phrases.language], facts.incident
    if incident.drill is not None:  # its word comes first, as everywhere
        start = facts.phrases.start.format(severity=facts.phrases.drill, brand=facts.brand)
        return f"{start}{facts.stamp(incident.opened_at)} [{incident.id}]"
    return words.subject.format(
        brand=facts.brand, about=_about(facts, words), time=facts.stamp(incident.opened_at), incident=incident.id
    )


def _about(facts: Facts, words: Words) -> str:
    """A brand as a whole is told by the rule that rang first: each may have its own words, and its name stays."""
    about = facts.incident.subject
    if about.quiet:
        return words.silence
    if about.topic:
        return words.topic.format(topic=facts.name(about.topic_name))
    if about.story:
        return words.story
    if about.thread:
        return words.conversation
    return facts.name(facts.reason.rule if facts.is_ours else next(iter(facts.incident.rules), "?"))
