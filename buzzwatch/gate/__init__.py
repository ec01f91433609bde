"""What every door of ours asks of who knocks: how often they were wrong, and how many there are."""
