-- Where a change of the rules came from: who asked, who owns the files, what differs. `seq` is that of its journal row.
CREATE TABLE reading (seq INTEGER PRIMARY KEY, body BLOB NOT NULL);
-- The history lists what was refused, too.
CREATE INDEX journal_refused ON journal (seen_at) WHERE kind IN ('rulesrefused', 'rulesmended');
