"""The memory bank at the start of a round: store what the rounds before have earned, then ask it for each question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from master_autogen.embedding import Embedder, Vectors
from master_autogen.log import LogWriter, bank_owed, open_log, read_bank
from master_autogen.memory_bank import MemoryBank
from master_autogen.pipeline.inputs import Inputs
from master_autogen.pipeline.learning import Learned
from master_autogen.records import Seed
from master_autogen.scenario import Scenario

Told = Mapping[tuple[str, str], list[float] | None]
"""What the bank tells by (scenario, seed id): one probability a pair, None where it knows nothing."""


class Memory:
    """The bank of one run, inside its log. With fewer than two candidates it is neither asked nor filled."""

    def __init__(self, inputs: Inputs, run_id: str, log: LogWriter, log_path: Path, embedder: Embedder) -> None:
        self._inputs = inputs
        self._run_id = run_id
        self._log = log
        self._log_path = log_path
        self._embedder = embedder
        self._banks = {scenario.name: MemoryBank() for scenario in inputs.scenarios}
        self._read = 1  # the first round whose rows are not in the banks yet

    def tell(self, number: int, seeds: Sequence[Seed], learned: Learned) -> Told:
        """For round `number`: what pairs did well on questions like each of these, in the rounds before."""
        if self._inputs.candidates in (0, 1) or number == 1:
            return {}
        self._fill(number)
        vectors = self._embedder.embed([seed.instruction for seed in seeds])
        told: dict[tuple[str, str], list[float] | None] = {}
        for scenario in self._inputs.scenarios:
            told |= self._ask(scenario, self._banks[scenario.name], seeds, vectors, learned)
        return told

    def _fill(self, number: int) -> None:
        """Store what the rounds before `number` earned, and read what is new since this was last done."""
        name, rounds = self._embedder.name, {"since": self._read, "before": number}
        db = open_log(self._log_path, readonly=True)
        try:
            owed = bank_owed(db, self._run_id, embedder=name, **rounds)
            if owed:
                place = {text: i for i, text in enumerate(dict.fromkeys(candidate.instruction for candidate in owed))}
                vectors = self._embedder.embed(list(place))
                self._log.record_bank(owed, name, vectors[[place[candidate.instruction] for candidate in owed]])
            for scenario, bank in self._banks.items():
                bank.extend(read_bank(db, self._run_id, scenario, embedder=name, **rounds))
        finally:
            db.close()
        self._read = number

    def _ask(
        self, scenario: Scenario, bank: MemoryBank, seeds: Sequence[Seed], vectors: Vectors, learned: Learned
    ) -> dict[tuple[str, str], list[float] | None]:
        pairs = self._inputs.pool.pairs
        found = bank.nearest(vectors) if len(bank) else [[] for _ in seeds]
        return {
            (scenario.name, seed.id): bank.probabilities(
                near, pairs, learned.of((scenario.name, seed.kind), self._inputs).probabilities
            )
            if near
            else None
            for seed, near in zip(seeds, found, strict=True)
        }
