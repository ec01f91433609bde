"""One SQLite file, one writer thread: journal, incidents, outbox, snapshots."""
