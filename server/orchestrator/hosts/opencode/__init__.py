"""The `opencode` host: an OpenCode without a face, started for missions, whose plugin hosts the sessions."""
