# NeuroHart's spiking coprocessor: `coprocessor.binding` is C through cffi, `coprocessor.golden` the specification in code.
from __future__ import annotations
