-- Complaints and when they were answered: ids and numbers, no text.
CREATE TABLE complaint (
  brand TEXT NOT NULL,
  mention TEXT NOT NULL,
  author INTEGER NOT NULL,          -- a key, 0 where unknown
  complained_at INTEGER NOT NULL,
  answered_at INTEGER,
  incident TEXT NOT NULL,           -- '' where it belongs to none
  PRIMARY KEY (brand, mention)
) WITHOUT ROWID;
CREATE INDEX complaint_time ON complaint (brand, complained_at);
CREATE INDEX complaint_author ON complaint (brand, author, complained_at);
CREATE INDEX complaint_incident ON complaint (incident) WHERE incident != '';
