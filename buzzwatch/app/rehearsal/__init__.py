"""The tests inside rule files, played."""
