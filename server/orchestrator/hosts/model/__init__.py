"""The `model` host: sessions that talk to a model of any provider, with our tools and our budget.

`host`, `chain` and `keys` are light; the rest loads pydantic-ai, which takes about two seconds, when the first session
is opened.
"""
