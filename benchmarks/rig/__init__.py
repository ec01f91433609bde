"""What the benchmarks share: the same invented mentions, the same rules, the machine's description, a daemon."""
