"""Makes what documents show from real runs."""
