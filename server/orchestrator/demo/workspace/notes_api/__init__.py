"""A small REST API for notes, on the standard library alone."""
