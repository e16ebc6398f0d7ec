"""What a session may call: one module a tool, behind one door that checks role, arguments, paths and write set."""
