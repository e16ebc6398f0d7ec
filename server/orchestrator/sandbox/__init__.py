"""The only room that starts processes: one launcher, its confinement, and what its commands may see."""
