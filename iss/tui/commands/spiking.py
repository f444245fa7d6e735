"""Commands for the coprocessor: which population is shown, one of its neurons, why it fired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iss.debug import why
from iss.tui import explain
from iss.tui.commands.command import Answer, Command, CommandError, amount

if TYPE_CHECKING:
    from coprocessor.golden.population import Population
    from iss.tui.commands.commander import Commander


def shown(commander: Commander) -> Population:
    """The population that is shown; CommandError without one."""
    population = commander.state.spiking.population
    if population is None:
        raise CommandError("there is no population: nothing in memory is a valid POP descriptor now")
    return population


def _population(commander: Commander, text: str) -> Answer:
    state, found = commander.state, commander.state.spiking.networks.populations
    if not found:
        shown(commander)
    if text.strip():
        address = state.debugger.evaluate(text) & 0xFFFF_FFFF
        if address not in found:
            known = ", ".join(state.spiking.name(address) for address in found)
            raise CommandError(f"{text.strip()} is no population; expected one of {known}")
        state.view.population = address
    else:
        order = list(found)
        present = shown(commander).address
        state.view.population = order[(order.index(present) + 1) % len(order)]
    state.view.neuron = min(state.view.neuron, found[state.view.population].n - 1)
    return commander.changed("neurons")


def choose(commander: Commander, text: str) -> None:
    """Choose a neuron by its number; CommandError if the population has none of it."""
    population = shown(commander)
    number = amount(commander, text)
    if number >= population.n:
        raise CommandError(f"neuron {number}: the population has {population.n}, numbered from 0")
    commander.state.view.neuron = number


def _projection(commander: Commander, text: str) -> Answer:
    state, found = commander.state, commander.state.spiking.networks.projections
    present = state.spiking.projection
    if present is None:
        raise CommandError("there is no projection: nothing in memory is a valid SYN descriptor now")
    if text.strip():
        address = state.debugger.evaluate(text) & 0xFFFF_FFFF
        if address not in found:
            known = ", ".join(state.program.names.at(address) for address in found)
            raise CommandError(f"{text.strip()} is no projection; expected one of {known}")
        state.view.projection = address
    else:
        order = list(found)
        state.view.projection = order[(order.index(present.address) + 1) % len(order)]
    state.view.source = min(state.view.source, found[state.view.projection].n_pre - 1)
    return commander.changed("weights")


def _source(commander: Commander, text: str) -> Answer:
    projection, number = commander.state.spiking.projection, amount(commander, text)
    if projection is None or number >= projection.n_pre:
        count = 0 if projection is None else projection.n_pre
        raise CommandError(f"source {number}: the projection has {count}, numbered from 0")
    commander.state.view.source = number
    return commander.changed("weights")


def _neuron(commander: Commander, text: str) -> Answer:
    choose(commander, text)
    return commander.changed("neurons")


def _why(commander: Commander, text: str) -> Answer:
    words = text.split()
    if len(words) > 2:
        raise CommandError("why [NEURON] [STEP]: expected the number of a neuron and a value of nm_t")
    if words:
        choose(commander, words[0])
    population, state = shown(commander), commander.state
    neuron = min(state.view.neuron, population.n - 1)
    step = amount(commander, words[1]) if len(words) > 1 else None
    return explain.rows(state, why.explain(state.debugger.history, population, neuron, step))


COMMANDS: Final = (
    Command(("why",), "[NEURON] [STEP]", "Explain the last spike of a neuron, or what it did in a step.", _why),
    Command(("population", "pop"), "[SYMBOL]", "Show another population, or the next one.", _population),
    Command(("neuron",), "NUMBER", "Choose a neuron of the population.", _neuron),
    Command(("projection",), "[SYMBOL]", "Show the weights of another projection, or the next one.", _projection),
    Command(("source",), "NUMBER", "Choose a source of the projection.", _source),
)
