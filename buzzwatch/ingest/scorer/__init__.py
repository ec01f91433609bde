"""How negative a text is."""
