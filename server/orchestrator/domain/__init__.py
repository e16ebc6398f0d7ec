"""The rules of missions: pure state, commands and events. No I/O, no await, no clock, no wire models.

`decide(mission, command)` checks every rule and answers events; `evolve(mission, event)` applies one event to the
mission that it owns. Folding the journal's events gives the state back.
"""
