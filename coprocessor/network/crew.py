"""Batches over threads: sessions that are kept from batch to batch, and take samples until none is left."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coprocessor.interface import Operation
from coprocessor.network.copies import Copies
from coprocessor.network.plan import TALLY_BYTES
from coprocessor.network.runner import NotSpikes, RunFailed, Samples
from coprocessor.network.session import Session
from coprocessor.network.streams import Bytes, Encoded
from coprocessor.network.threads import together


class Crew:
    """Runs batches on the session of a network, which is as before afterwards, and on copies of it."""

    def __init__(self, session: Session) -> None:
        self._sessions = [session]
        self._copies = Copies(session.ram[: session.layout.mutable_start], session.layout.size)

    def team(self, encoded: Encoded, threads: int) -> list[Session]:
        """The sessions that run a batch in so many threads. What a run changes each sample brings along."""
        assert encoded.samples is not None
        size = min(threads, encoded.samples) or 1
        while len(self._sessions) < size:
            self._sessions.append(self._sessions[0].over(self._copies.make()))
        return self._sessions[:size]

    def run(self, encoded: Encoded, threads: int, reward: int, seeds: NDArray[np.uint32] | None) -> Bytes:
        """Run all samples from the present state; gives the block. CoprocessorError as `Session.run`."""
        try:
            return self._run(encoded, threads, reward, seeds)
        except NotSpikes:
            return self._run(encoded.packed(), threads, reward, seeds)

    def _run(self, encoded: Encoded, threads: int, reward: int, seeds: NDArray[np.uint32] | None) -> Bytes:
        assert encoded.samples is not None
        team = self.team(encoded, threads)
        own = self._sessions[0]
        block = own.runner.block(encoded.samples * encoded.steps)
        start = own.plan.taken(own.ram)
        time, random = own.read("t"), own.read("rng")
        samples = Samples(encoded, block, start, time, random, reward, seeds)
        try:
            tallies = self._share(team, samples)
        finally:
            own.plan.bring_back(own.ram, start)
            own.write("t", time)
            own.write("rng", random)
        block[:TALLY_BYTES].view("<u8")[:] = [sum(counts) for counts in zip(*tallies, strict=True)]
        return block

    @staticmethod
    def _share(sessions: list[Session], samples: Samples) -> list[list[int]]:
        """Let every session run samples; gives their tallies."""
        shared = sessions[0].runner.share(samples)

        def work(session: Session) -> list[int]:
            try:
                return session.runner.run_samples(shared)
            except RunFailed:
                shared.stop()
                raise session.failed(Operation.RUN) from None
            except BaseException:
                shared.stop()
                raise

        return together(work, sessions, shared.stop)
