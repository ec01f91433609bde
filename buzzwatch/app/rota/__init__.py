"""Rotas that are kept in calendars elsewhere."""
