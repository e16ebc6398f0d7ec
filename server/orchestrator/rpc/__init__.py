"""The wire: framing, dispatch, the handlers of `mission/*`, and the standard LSP methods.

The only room that knows the wire models. `io` frames bytes, `message` reads them as JSON-RPC, `dispatch` answers every
request exactly once, `server` ties one connection together; `lsp` alone imports pygls and is loaded when first needed.
"""
