"""Compares the coprocessor with independent models: other simulators, and equations of papers in float64."""
