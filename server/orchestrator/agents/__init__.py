"""What a session is told, which tools it may call, and how its plan is read. Pure text and rules, no I/O."""
