"""Floor 2: what can be observed of a run, and the formats it is written in."""
