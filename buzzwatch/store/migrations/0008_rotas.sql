-- Shifts that calendars elsewhere came to, once each, by their hash.
CREATE TABLE rota (digest TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
