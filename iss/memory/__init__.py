"""Physical memory: the address map, RAM, the bus and the devices on it."""

from __future__ import annotations
