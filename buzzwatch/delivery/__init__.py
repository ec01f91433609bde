"""How messages leave: leased from the outbox, sent, marked."""
