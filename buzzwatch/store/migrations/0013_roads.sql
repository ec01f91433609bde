-- Further names of mentions, by which other sources tell of the same post: each by a digest that names nobody.
CREATE TABLE alias (name INTEGER PRIMARY KEY, mention TEXT NOT NULL);

-- Posts that were taken back before they came, by digests of their names: their texts are not kept when they do.
CREATE TABLE taken_back (id INTEGER PRIMARY KEY, name INTEGER NOT NULL UNIQUE, at INTEGER NOT NULL);

-- Which source brought a text first ('' before that was kept), and when. A digest of 0: its author took it back; of -1:
-- it is older than its source is to keep.
ALTER TABLE content ADD COLUMN road TEXT NOT NULL DEFAULT '';
ALTER TABLE content ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0;
UPDATE content SET seen_at = coalesce((SELECT min(seen_at) FROM journal j WHERE j.mention = content.mention), 0);
CREATE INDEX content_age ON content (road, seen_at) WHERE digest > 0;
