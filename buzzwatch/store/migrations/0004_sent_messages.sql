-- What the receiver calls a message that was sent, so that it can be changed; and whether an unsent one may have left.
ALTER TABLE outbox ADD COLUMN sent_as TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN doubtful INTEGER NOT NULL DEFAULT 0;
-- The next of each target: the worst, then the oldest.
DROP INDEX outbox_waiting;
CREATE INDEX outbox_waiting ON outbox (target, severity DESC, written_at, key) WHERE state = 'waiting';
