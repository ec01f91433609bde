-- What became of each attempt to send a notice: sent, failed, given up, doubtful. `at` is when it was known, or when it
-- began where nobody knows.
CREATE TABLE attempt (key TEXT NOT NULL, at INTEGER NOT NULL, became TEXT NOT NULL, why TEXT NOT NULL);
CREATE INDEX attempt_at ON attempt (at);
CREATE INDEX attempt_key ON attempt (key, at);
ALTER TABLE outbox ADD COLUMN leased_at INTEGER NOT NULL DEFAULT 0;
-- The history is asked for by time.
CREATE INDEX change_at ON change (at);
CREATE INDEX held_at ON held (at);
CREATE INDEX outbox_written ON outbox (written_at);
CREATE INDEX outbox_superseded ON outbox (done_at) WHERE state = 'superseded';
CREATE INDEX journal_said ON journal (seen_at) WHERE kind IN ('silenced', 'rules', 'corrected', 'gap', 'clockset');
