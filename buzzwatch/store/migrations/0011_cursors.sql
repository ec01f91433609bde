-- How far each source has come in what it reads, under names of its own; written with the mentions that it brought.
CREATE TABLE cursor (
  source TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (source, name)
) WITHOUT ROWID;
