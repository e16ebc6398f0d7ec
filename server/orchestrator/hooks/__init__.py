"""Reactions to what happens in missions: commands of the user's configuration and installed Python packages."""
