-- The journal: every input in the order in which the spine took it. A sighting's body holds numbers and keys only.
CREATE TABLE journal (
  seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  seen_at INTEGER NOT NULL,
  mention TEXT,
  brand TEXT,
  body BLOB NOT NULL,
  skipped TEXT
);
CREATE UNIQUE INDEX journal_mention ON journal (mention, brand) WHERE mention IS NOT NULL;

-- How far the last commit went: the last row stepped and the last instant stepped to.
CREATE TABLE position (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, now INTEGER NOT NULL);
INSERT INTO position VALUES (1, 0, 0);

-- What mentions say, as their source last told it; the text is the part that can be erased.
CREATE TABLE content (
  mention TEXT PRIMARY KEY,
  digest INTEGER NOT NULL,
  negativity REAL NOT NULL,
  body BLOB NOT NULL
) WITHOUT ROWID;

-- Whole rule sets, once each.
CREATE TABLE ruleset (digest TEXT PRIMARY KEY, files BLOB NOT NULL) WITHOUT ROWID;

CREATE TABLE incident (
  id TEXT PRIMARY KEY,
  brand TEXT NOT NULL,
  state TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  body BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX incident_state ON incident (state, opened_at);

CREATE TABLE change (
  incident TEXT NOT NULL,
  revision INTEGER NOT NULL,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (incident, revision)
) WITHOUT ROWID;

CREATE TABLE held (incident TEXT NOT NULL, at INTEGER NOT NULL, target TEXT NOT NULL, why TEXT NOT NULL, until INTEGER);
CREATE INDEX held_incident ON held (incident, at);

CREATE TABLE outbox (
  key TEXT PRIMARY KEY,
  incident TEXT NOT NULL,
  target TEXT NOT NULL,
  severity INTEGER NOT NULL,
  state TEXT NOT NULL,              -- waiting, sent, failed, superseded
  written_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,          -- not before this instant; moves on with every postponement
  leased_until INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  replaces INTEGER NOT NULL DEFAULT 0,
  done_at INTEGER,
  why TEXT NOT NULL DEFAULT '',
  body BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX outbox_waiting ON outbox (severity DESC, due_at) WHERE state = 'waiting';
CREATE INDEX outbox_incident ON outbox (incident, target);

-- What was not taken, for whoever must mend the sender: the reason and the first 2 kB.
CREATE TABLE refused (
  id INTEGER PRIMARY KEY,
  seen_at INTEGER NOT NULL,
  source TEXT NOT NULL,
  reason TEXT NOT NULL,
  head BLOB NOT NULL
);
