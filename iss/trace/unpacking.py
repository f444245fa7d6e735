"""Blocks back into the records that engines write."""

from __future__ import annotations

import numpy as np

from iss.trace.block import RECORDS, STORE_BIT, Array
from iss.trace.events import Kind
from iss.trace.view import View


def records(view: View) -> Array:
    """The records of a block, RECORDS, in order: of each instruction its events, its accesses, its retirement."""
    block = view.block
    stored = block.access_kind & STORE_BIT != 0
    accesses = np.zeros(len(block.address), RECORDS)
    size = (block.access_kind & ~np.uint8(STORE_BIT)).astype("<u4")
    accesses["tag"] = np.where(stored, np.uint32(Kind.STORE), np.uint32(Kind.LOAD)) | size << np.uint32(8)
    accesses["a"], accesses["b"] = block.address, block.data
    retired = np.zeros(len(view), RECORDS)
    retired["tag"] = np.uint32(Kind.RETIRED) | view.destination.astype("<u4") << np.uint32(8)
    retired["a"], retired["b"], retired["c"] = view.pc, view.word, view.value
    indices = (block.event_index, block.access_index, np.arange(len(view)))
    keys = np.concatenate([3 * index.astype(np.int64) + rank for rank, index in enumerate(indices)])
    found: Array = np.concatenate([block.event, accesses, retired])[np.argsort(keys, kind="stable")]
    return found
