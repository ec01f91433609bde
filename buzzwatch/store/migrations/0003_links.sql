-- Links to incident pages, each by a digest of its code: who holds it, and whether it was revoked.
CREATE TABLE link (
    digest BLOB PRIMARY KEY,
    incident TEXT NOT NULL,
    person TEXT NOT NULL,
    turn INTEGER NOT NULL,
    revoked_at INTEGER
) WITHOUT ROWID;
CREATE INDEX link_holder ON link (incident, person);
