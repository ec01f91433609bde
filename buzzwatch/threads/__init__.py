"""Which conversation a mention belongs to, and how that conversation is going."""
