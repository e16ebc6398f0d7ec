"""The event store: one SQLite file a workspace, hash-chained, with one writer and many readers.

`store` is the server's end, `reader` and `audit` are the command line's, `projections` and `summary` write what people
read. Only this room imports apsw.
"""
