"""Topic filters of MQTT: what may be subscribed to (MQTT 5.0, OASIS 2019, sections 4.7.1 and 4.8.2)."""

_SHARED = "$share/"


def is_shared(topic: str) -> bool:
    """Whether it asks for a share: each message goes to one of the clients of a group."""
    return topic.startswith(_SHARED)


def is_filter(topic: str) -> bool:
    """Whether a broker can make sense of it; of a shared one `$share/group/filter`, both parts must be right."""
    if is_shared(topic):
        group, _, topic = topic.removeprefix(_SHARED).partition("/")
        if not group or set(group) & set("+#"):
            return False
    *before, last = topic.split("/")
    if not topic or "\0" in topic or "#" in "".join(before):
        return False
    return all(level in {"+", "#"} or not set(level) & set("+#") for level in (*before, last))
