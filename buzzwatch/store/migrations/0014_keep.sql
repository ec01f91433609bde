-- How much was said of each brand in each hour, UTC, of the mentions that the journal holds no more: kept for ever. `hour`
-- is the number of hours since 1970. `milli` is the sum of their negativity in thousandths, `negative` how many are more
-- likely negative than not; `aside` counts those that enter no window: our own people's, and what came too late.
CREATE TABLE hour (
  brand TEXT NOT NULL,
  hour INTEGER NOT NULL,
  mentions INTEGER NOT NULL,
  negative INTEGER NOT NULL,
  milli INTEGER NOT NULL,
  aside INTEGER NOT NULL,
  PRIMARY KEY (brand, hour)
) WITHOUT ROWID;

-- Snapshots that are put aside: the memory as it was after row `seq`, at an instant. The journal is let go up to one of them.
CREATE TABLE anchor (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL);

-- After which row, and which instant, the journal still has every mention; how far its names were looked through since.
-- `erases_from`: where the record is older than `keep`, nothing is erased by default before that. `looked_at` is when it was
-- last looked for what is to go, `waits_until` until when nothing goes since the clock has leapt.
CREATE TABLE head (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  names_from INTEGER,
  erases_from INTEGER NOT NULL,
  looked_at INTEGER NOT NULL DEFAULT 0,
  waits_until INTEGER NOT NULL DEFAULT 0
);
INSERT INTO head (one, seq, at, names_from, erases_from) SELECT 1, 0, 0, NULL, 
  CASE WHEN seq > 0 THEN max(now, CAST(strftime('%s', 'now') AS INTEGER) * 1000) + 7 * 86400000 ELSE 0 END FROM position;

-- What the disk of the state held: bytes used of the file system, and of it by us.
CREATE TABLE disk (at INTEGER PRIMARY KEY, used INTEGER NOT NULL, ours INTEGER NOT NULL);

-- What was told of the disk and is not over: how bad it is, since when, and how many times it was told.
CREATE TABLE disk_told (
  key TEXT PRIMARY KEY,
  level INTEGER NOT NULL,
  since INTEGER NOT NULL,
  times INTEGER NOT NULL
) WITHOUT ROWID;

-- Which shifts are still named.
CREATE INDEX journal_rota ON journal (seq) WHERE kind = 'rota';
