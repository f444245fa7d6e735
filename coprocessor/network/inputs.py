"""What callers give to `run`, `run_batch` and `encode`: arrays and events by input, checked, as one `Encoded`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coprocessor.errors import CoprocessorError
from coprocessor.network.checks import array_of, integer, listed
from coprocessor.network.parts import Input
from coprocessor.network.streams import Encoded, Rows, pack_events, rows_of


class Inputs:
    """The inputs of a network, in the order in which they were made."""

    def __init__(self, inputs: Mapping[str, Input]) -> None:
        self._table = dict(inputs)
        self._all = tuple(inputs.values())
        self._only = self._all[0] if len(inputs) == 1 else None

    def sample(self, spikes: Any, events: Any, steps: int | None) -> Encoded:
        """One sample: `spikes` [steps, n] or by input, `events` [k, 2] or by input, or an `Encoded`."""
        only = self._only
        if only is not None and type(spikes) is np.ndarray and spikes.ndim == 2 and steps is None and events is None:
            return Encoded(self._all, (rows_of(only, spikes),), None, len(spikes))
        if isinstance(spikes, Encoded):
            return self._own(spikes, events, steps, batch=False)
        values, lists = self._arrays(spikes), self._by_input("events", events)
        lengths = {value.shape[0] for value in values.values() if value.ndim} | (
            {steps} if steps is not None else set()
        )
        if len(lengths) != 1:
            given = listed(sorted(lengths)) if lengths else "nothing"
            raise CoprocessorError(f"how many steps to run? spikes and steps say {given}; give one number of steps")
        count = integer("steps", lengths.pop(), 0, 2**31 - 1)
        for name, value in values.items():
            self._axes(name, value, "steps x inputs")
        return self._encoded(values, lists, None, count)

    def batch(self, spikes: Any, events: Any, steps: int | None, samples: int | None) -> Encoded:
        """Many samples: `spikes` [samples, steps, n], `events` [k, 3], both maybe by input, or an `Encoded`."""
        if isinstance(spikes, Encoded):
            return self._own(spikes, events, steps, batch=True, samples=samples)
        values, lists = self._arrays(spikes), self._by_input("events", events)
        for name, value in values.items():
            self._axes(name, value, "samples x steps x inputs")
        shapes = {value.shape[:2] for value in values.values()}
        if len(shapes) > 1:
            raise CoprocessorError(
                "spikes must be samples x steps x inputs, with equal samples and steps for all inputs"
            )
        if not shapes:
            if steps is None or samples is None:
                raise CoprocessorError("how many samples and steps to run? without spikes give `samples` and `steps`")
            shapes = {(integer("samples", samples, 0, 2**31 - 1), integer("steps", steps, 0, 2**31 - 1))}
        found = shapes.pop()
        for what, given, there in (("samples", samples, found[0]), ("steps", steps, found[1])):
            if given is not None and given != there:
                raise CoprocessorError(f"{what} is {given}, the spikes have {there} {what}; leave it out")
        return self._encoded(values, lists, *found)

    def _axes(self, name: str, value: NDArray[Any], axes: str) -> None:
        if value.ndim != axes.count(" x ") + 1:
            raise CoprocessorError(
                f"input {name!r}: the array has shape {value.shape}, expected {axes} "
                f"with {self._table[name].n} inputs; check the axes"
            )

    def _own(
        self, encoded: Encoded, events: Any, steps: int | None, *, batch: bool, samples: int | None = None
    ) -> Encoded:
        if encoded.inputs != self._all:
            raise CoprocessorError(f"{encoded!r} was encoded for another network; encode it with this one")
        if (encoded.samples is not None) != batch:
            wanted = "samples x steps x inputs" if batch else "steps x inputs"
            raise CoprocessorError(f"{encoded!r} does not fit here, expected {wanted}; use run or run_batch")
        if events is not None or steps not in (None, encoded.steps) or samples not in (None, encoded.samples):
            others = "`events`, `steps` and `samples`" if batch else "`events` and `steps`"
            raise CoprocessorError(f"{encoded!r} says all about the input; leave {others} out")
        return encoded

    def _encoded(
        self, values: Mapping[str, NDArray[Any]], lists: Mapping[str, Any], samples: int | None, steps: int
    ) -> Encoded:
        """Values and events by input, of these numbers of samples and steps."""
        rows = {name: rows_of(self._table[name], value) for name, value in values.items()}
        shape = (steps,) if samples is None else (samples, steps)
        for name, value in lists.items():
            if name in rows:
                raise CoprocessorError(f"input {name!r} has spikes and events; give one of them")
            rows[name] = Rows(pack_events(self._table[name], value, shape), False)
        return Encoded(self._all, tuple(rows.get(stream.name) for stream in self._all), samples, steps)

    def _by_input(self, argument: str, given: Any) -> dict[str, Any]:
        if given is None:
            return {}
        if isinstance(given, Mapping):
            for name in given:
                if name not in self._table:
                    raise CoprocessorError(f"{argument}: there is no input {name!r}; there are {listed(self._table)}")
            return dict(given)
        if self._only is None:
            raise CoprocessorError(
                f"{argument} is one array, the network has {len(self._all)} inputs; give a dictionary by input name"
            )
        return {self._only.name: given}

    def _arrays(self, spikes: Any) -> dict[str, NDArray[Any]]:
        given = self._by_input("spikes", spikes)
        return {name: array_of(f"spikes of input {name!r}", value) for name, value in given.items()}
