"""What the daemon counts, in Prometheus' format."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

CONTENT_TYPE = CONTENT_TYPE_LATEST

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)

_RESPONSE_SECONDS = (60, 300, 600, 1_800, 3_600, 14_400, 43_200, 86_400)


class Metrics:
    """All metrics of one daemon, in a registry of their own.

    `source` is the name of a source in `buzzwatch.yaml`, never what a mention says of itself: labels must stay few.
    """

    def __init__(self, version: str) -> None:
        self.registry = registry = CollectorRegistry()
        self.mentions = Counter(
            "buzzwatch_mentions",
            "Mentions by what was done with them.",
            ("source", "outcome"),
            registry=registry,
        )
        self.passed = Counter(
            "buzzwatch_passed",
            "Events that a source heard and dropped by itself, since they concern no brand.",
            ("source",),
            registry=registry,
        )
        self.let_go = Counter(
            "buzzwatch_texts_let_go",
            "Texts erased since they were older than their source is to keep.",
            ("source",),
            registry=registry,
        )
        self.rows_let_go = Counter(
            "buzzwatch_rows_let_go",
            "Rows deleted since they were older than they are to be kept, by what they were of.",
            ("of",),
            registry=registry,
        )
        self.inputs = Counter(
            "buzzwatch_inputs", "Inputs committed to the journal, by kind.", ("kind",), registry=registry
        )
        self.quarantined = Counter(
            "buzzwatch_quarantined", "Inputs set aside because a step failed.", ("source",), registry=registry
        )
        self.struck = Counter(
            "buzzwatch_struck",
            "Mentions not counted, since their very text was marked as not about the brand.",
            ("brand",),
            registry=registry,
        )
        self.signals = Counter(
            "buzzwatch_signals", "Changes of incidents, by the detector that spoke.", ("detector",), registry=registry
        )
        self.shadow_rings = Counter(
            "buzzwatch_shadow_rings",
            "Times that a rule in shadow would have rung.",
            ("brand", "rule"),
            registry=registry,
        )
        self.incidents_open = Gauge(
            "buzzwatch_incidents_open", "Incidents open or taken now.", ("severity",), registry=registry
        )
        self.complaints_waiting = Gauge(
            "buzzwatch_complaints_waiting", "Complaints without an official answer.", ("brand",), registry=registry
        )
        self.complaints_let_go = Gauge(
            "buzzwatch_complaints_let_go", "Complaints dropped, since too many waited.", ("brand",), registry=registry
        )
        self.response_seconds = Histogram(
            "buzzwatch_response_seconds",
            "How long complaints waited for their official answer.",
            ("brand",),
            buckets=_RESPONSE_SECONDS,
            registry=registry,
        )
        self.notifications = Counter(
            "buzzwatch_notifications",
            "Messages by what became of them.",
            ("channel", "outcome"),
            registry=registry,
        )
        self.heartbeats = Counter(
            "buzzwatch_heartbeats",
            "Signs of life for who watches from outside, by what became of them.",
            ("outcome",),
            registry=registry,
        )
        self.outbox_waiting = Gauge("buzzwatch_outbox_waiting", "Messages due and not yet sent.", registry=registry)
        self.intake_waiting = Gauge(
            "buzzwatch_intake_waiting", "Payloads taken from sources and not yet committed.", registry=registry
        )
        self.intake_held = Gauge(
            "buzzwatch_intake_held", "1 while nothing is taken in, since the disk is short of room.", registry=registry
        )
        self.disk_free = Gauge(
            "buzzwatch_disk_free_bytes", "Free for us on the file system of the state.", registry=registry
        )
        self.disk_used = Gauge(
            "buzzwatch_disk_used_ratio", "Share of that file system that is used, 0 to 1.", registry=registry
        )
        self.disk_growth = Gauge(
            "buzzwatch_disk_growth_bytes_per_day", "How fast it fills; NaN: not known yet.", registry=registry
        )
        self.disk_days = Gauge(
            "buzzwatch_disk_days_until_full",
            "At that rate; NaN: not known yet, +Inf: it does not fill.",
            registry=registry,
        )
        self.state_bytes = Gauge(
            "buzzwatch_state_bytes", "Size of the files of the state.", ("part",), registry=registry
        )
        self.state_growth = Gauge(
            "buzzwatch_state_growth_bytes_per_day", "How fast they grow; NaN: not known yet.", registry=registry
        )
        self.commit_seconds = Histogram(
            "buzzwatch_commit_seconds", "Time of one database commit.", buckets=_SECONDS, registry=registry
        )
        self.snapshot_seconds = Histogram(
            "buzzwatch_snapshot_seconds",
            "Pause of the loop while a snapshot is taken.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.source_connected = Gauge(
            "buzzwatch_source_connected", "1 while the source hears, else 0.", ("source",), registry=registry
        )
        self.source_state = Gauge(
            "buzzwatch_source_state",
            "1 for the state that a source is in, 0 for all others.",
            ("source", "state"),
            registry=registry,
        )
        self.source_last_event = Gauge(
            "buzzwatch_source_last_event_timestamp_seconds",
            "When something last came from a source, Unix time; 0: nothing yet.",
            ("source",),
            registry=registry,
        )
        self.source_lag = Gauge(
            "buzzwatch_source_lag_seconds",
            "The median of the time between posting and hearing, of the last posts of a source.",
            ("source",),
            registry=registry,
        )
        self.rules_refused = Gauge(
            "buzzwatch_rules_refused", "1 while the files hold faults and the last good rules run.", registry=registry
        )
        self.rules_faults = Gauge(
            "buzzwatch_rules_faults", "Faults of the rule files that were read last.", registry=registry
        )
        self.rules_since = Gauge(
            "buzzwatch_rules_since_timestamp_seconds", "When the rules in force were put in force.", registry=registry
        )
        self.scorer_up = Gauge(
            "buzzwatch_scorer_up", "1 while a plugged-in scorer is loaded and asked, else 0.", registry=registry
        )
        self.scorer_texts = Counter(
            "buzzwatch_scorer_texts",
            "Texts for the plugged-in scorer by what became of them; all but `scored` kept the built-in score.",
            ("outcome",),
            registry=registry,
        )
        self.scorer_seconds = Histogram(
            "buzzwatch_scorer_seconds",
            "How long a batch waited for the plugged-in scorer.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.clock_jumps = Counter(
            "buzzwatch_clock_jumps", "Times that the wall clock left the monotonic one.", registry=registry
        )
        self.last_input = Gauge(
            "buzzwatch_last_input_timestamp_seconds", "When an input was last committed, Unix time.", registry=registry
        )
        self.last_heartbeat = Gauge(
            "buzzwatch_last_heartbeat_timestamp_seconds",
            "When a sign of life was last sent, Unix time; 0: none yet.",
            registry=registry,
        )
        self.ready = Gauge("buzzwatch_ready", "1 while /readyz says so, else 0.", registry=registry)
        self.source_hour = Gauge(
            "buzzwatch_source_hour", "Posts that a source brought in the last hour.", ("source",), registry=registry
        )
        self.source_usual = Gauge(
            "buzzwatch_source_usual_hour",
            "Posts that a source ordinarily brings in an hour such as this one.",
            ("source",),
            registry=registry,
        )
        self.memory = Gauge("buzzwatch_memory_bytes", "Memory of the daemon and of what it started.", registry=registry)
        self.memory_limit = Gauge(
            "buzzwatch_memory_limit_bytes", "Memory that it may have; 0: no limit is known.", registry=registry
        )
        self.open_files = Gauge("buzzwatch_open_files", "Files and connections that are open.", registry=registry)
        self.open_files_limit = Gauge(
            "buzzwatch_open_files_limit", "Files and connections that may be open.", registry=registry
        )
        self.started = Gauge(
            "buzzwatch_started_timestamp_seconds", "When the daemon started, Unix time.", registry=registry
        )
        build = Gauge("buzzwatch_build_info", "Always 1; says the version.", ("version",), registry=registry)
        build.labels(version).set(1)

    def exposition(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self.registry)
