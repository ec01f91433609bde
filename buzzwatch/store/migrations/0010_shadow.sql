-- What rules in shadow would have rung: an incident of one rule alone, and nobody was told.
CREATE TABLE shadow (
  id TEXT PRIMARY KEY,
  brand TEXT NOT NULL,
  rule TEXT NOT NULL,
  rang_at INTEGER NOT NULL,
  over_at INTEGER,                  -- NULL while it goes on
  body BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX shadow_rang ON shadow (rang_at);
CREATE INDEX shadow_over ON shadow (over_at);
CREATE INDEX shadow_brand ON shadow (brand, rang_at);
