-- That somebody was forgotten, when, and who asked for it. Nothing says who it was.
CREATE TABLE forgotten (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, by TEXT NOT NULL);

-- What is left to do for those who were forgotten last; no row: nothing. `rename`: the snapshots still have the old names,
-- `body` says which are others now; `clean`: the room that they left holds remnants; then `body` is empty.
CREATE TABLE forgetting (one INTEGER PRIMARY KEY CHECK (one = 1), stage TEXT NOT NULL, body BLOB NOT NULL);
