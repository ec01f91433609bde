"""Where mentions come from: raw payloads with a receipt."""
