"""Putting the plugin into OpenCode's configuration and taking it out, without touching anything else in there."""
