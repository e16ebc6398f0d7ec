"""What the engine needs from the outside, as Protocols. Adapters implement them; nothing here does anything."""
