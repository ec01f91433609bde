"""Where mentions come from, as `buzzwatch.yaml` says it: one module a kind, named as its key."""
