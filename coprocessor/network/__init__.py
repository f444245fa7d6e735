"""Networks from NumPy arrays: `Network` is the face, `parts` what it is made of, `layout` where everything lies."""

from __future__ import annotations

from coprocessor.network.accumulators import AccumulatorBound
from coprocessor.network.image import Exported
from coprocessor.network.layers import Layer
from coprocessor.network.network import Network
from coprocessor.network.result import Result
from coprocessor.network.sparse import SparseRows

__all__ = ["AccumulatorBound", "Exported", "Layer", "Network", "Result", "SparseRows"]
