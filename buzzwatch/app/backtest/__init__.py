"""How often rules would have rung: on the record of the daemon, or on a file."""
