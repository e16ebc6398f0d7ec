"""One server for a workspace: finding it, starting it, getting through its door, and the server's side of that.

What clients use (`address`, `card`, `hello`, `reach`, `start`, `proxy`) is made of the standard library alone, because
every command line and every editor pays for its import; the other modules belong to the server.
"""
