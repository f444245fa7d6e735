"""Training tools: they make the committed weights and test data of the programs."""
