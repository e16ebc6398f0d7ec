"""The engine: what happens when, with which bounds. It knows ports and the domain, never an adapter."""
