"""NeuroHart's spiking coprocessor: `binding` is C through cffi, `golden` the specification in code."""

from __future__ import annotations
