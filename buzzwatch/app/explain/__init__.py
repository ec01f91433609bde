"""Why something rang, or did not."""
