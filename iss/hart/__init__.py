"""Floor 1: the state of a hart on plain ints, with the vocabulary that meanings use."""
