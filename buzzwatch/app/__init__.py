"""The parts put together: the live daemon, replay, demo."""
