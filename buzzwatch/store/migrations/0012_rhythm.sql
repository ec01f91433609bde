-- What each source does ordinarily, in numbers; and what was told of how it stands. Written now and then.
CREATE TABLE rhythm (
  source TEXT PRIMARY KEY,
  body BLOB NOT NULL
) WITHOUT ROWID;

-- When each official account of a brand was last seen, NULL: never since it was known, which is when it was listed.
CREATE TABLE official (
  brand TEXT NOT NULL,
  account TEXT NOT NULL,
  known_at INTEGER NOT NULL,
  seen_at INTEGER,
  PRIMARY KEY (brand, account)
) WITHOUT ROWID;
