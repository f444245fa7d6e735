"""Cycles under each timing model, by hand-calculated examples and by class of instruction."""

from __future__ import annotations

import pytest

from iss.errors import NeuroHartError
from iss.hart.timing import COST_CLASSES, MODELS, TimingModel, timing_model
from iss.machine import Machine
from tests.engines.encode import CSR, INSTRUCTIONS, STAY, setup, word
from tests.engines.lockstep import BASE, XNM, compare_engines

ENGINES = ("reference", "interpreter")


def cycles(words: list[int], count: int, timing: str | TimingModel, engine: str) -> int:
    made = setup([*words, STAY], {5: 7, 6: 3, 10: BASE + 0x1000}, timing=timing, isa=XNM, handler=BASE + 0x2000)
    compare_engines(made, [1] * count)
    machine = made.on(engine).machine
    machine.run(count)
    assert machine.hart.cycles == machine.hart.mcycle
    return machine.hart.cycles


ALU, LOAD, STORE = word("add", rd=7, rs1=5, rs2=6), word("lw", rd=7, rs1=10), word("sw", rs1=10, rs2=5)
EXAMPLES: dict[str, tuple[list[int], int, dict[str, int]]] = {
    # words, instructions to run, cycles by model
    "alu": ([ALU] * 3, 3, {"ideal": 3, "edge2": 3, "edge5": 3}),
    "memory": ([LOAD, STORE], 2, {"ideal": 2, "edge2": 4, "edge5": 3}),
    "multiply and divide": (
        [word("mul", rd=7, rs1=5, rs2=6), word("divu", rd=7, rs1=5, rs2=6), word("rem", rd=7, rs1=5, rs2=6)],
        3,
        {"ideal": 3, "edge2": 1 + 34 + 34, "edge5": 2 + 20 + 20},
    ),
    "branch not taken": ([word("beq", rs1=5, imm=8), ALU], 2, {"ideal": 2, "edge2": 2, "edge5": 2}),
    "branch taken": ([word("bne", rs1=5, imm=8), 0, ALU], 2, {"ideal": 2, "edge2": 3, "edge5": 4}),
    "jumps": ([word("jal", rd=1, imm=4), word("jalr", rd=1, rs1=1, imm=4)], 2, {"ideal": 2, "edge2": 4, "edge5": 6}),
    "csr": ([word("csrrs", rd=7, csr=CSR["mscratch"])], 1, {"ideal": 1, "edge2": 1, "edge5": 2}),
    "fence": ([word("fence"), word("fence.i")], 2, {"ideal": 2, "edge2": 2, "edge5": 1 + 4}),
    # the call takes no time: it does not retire; csrr, addi, csrw, mret of the handler do
    "trap and return": ([word("ecall"), ALU], 5, {"ideal": 5, "edge2": 5, "edge5": 2 + 1 + 2 + 4 + 1}),
    "loop": (
        [word("addi", rd=5, rs1=5, imm=-1), word("bne", rs1=5, imm=-4), ALU],
        7 * 2 + 1,
        {"ideal": 15, "edge2": 7 + 6 * 2 + 1 + 1, "edge5": 7 + 6 * 3 + 1 + 1},
    ),
    # nm.lif costs 3, nm.popc 1, whatever the model (Xnm 5); switching on is a CSR instruction
    "coprocessor": (
        [word("csrrwi", csr=CSR["nm_ctl"], uimm=1), word("nm.lif", rd=7, rs1=5, rs2=6), word("nm.popc", rd=7, rs1=5)],
        3,
        {"ideal": 1 + 4, "edge2": 1 + 4, "edge5": 2 + 4},
    ),
    "queue instruction of the engine": (
        [word("csrrwi", csr=CSR["nm_ctl"], uimm=1), word("nm.inj", rd=7, rs1=5), word("nm.qlev", rd=7)],
        3,
        {"ideal": 1 + 2, "edge2": 1 + 2, "edge5": 2 + 2},
    ),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("timing", MODELS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_example(name: str, timing: str, engine: str) -> None:
    words, count, expected = EXAMPLES[name]
    assert cycles(words, count, timing, engine) == expected[timing]


def test_cost_classes_are_the_ones_of_the_models() -> None:
    """A class that no instruction has, or a model does not know, is a slip of the pen."""
    used = {definition.cost_class for definition in INSTRUCTIONS if definition.cycles is None}
    assert used == set(COST_CLASSES)
    for model in MODELS.values():
        assert set(model.costs) <= used and all(cost >= 1 for cost in model.costs.values())


@pytest.mark.parametrize("engine", ENGINES)
def test_own_model(engine: str) -> None:
    model = TimingModel("mine", "all different", {name: 2 + 3 * index for index, name in enumerate(COST_CLASSES)}, 50)
    words = [
        ALU,
        LOAD,
        STORE,
        word("mul", rd=7),
        word("div", rd=7),
        word("beq", imm=4),
        word("bne", imm=4),
        word("jal", imm=4),
    ]
    costs = [model.costs[name] for name in ("alu", "load", "store", "multiply", "divide", "branch", "branch", "jump")]
    assert cycles(words, len(words), model, engine) == sum(costs) + 50


@pytest.mark.parametrize("engine", ENGINES)
def test_largest_costs(engine: str) -> None:
    model = TimingModel("slow", "as slow as it gets", dict.fromkeys(COST_CLASSES, 255), 255)
    assert cycles([ALU, LOAD, word("beq", imm=4)], 3, model, engine) == 4 * 255


def test_costs_of_a_long_run() -> None:
    """More cycles than 32 bits hold between two looks at the limits."""
    model = TimingModel("slow", "as slow as it gets", {"alu": 255, "branch": 255}, 255)
    machine = setup([word("addi"), word("beq", imm=-4)], timing=model).on("interpreter").machine
    turns = 15_000_000
    machine.run(2 * turns)
    assert (machine.hart.retired, machine.hart.pc) == (2 * turns, BASE)
    assert machine.hart.cycles == machine.hart.mcycle == turns * 3 * 255


@pytest.mark.parametrize(
    ("costs", "taken", "message"),
    [
        ({"alu": 256}, 0, r"timing model 'mine': alu costs 256 cycles, expected 0\.\.255"),
        ({"alu": -1}, 0, "alu costs -1 cycles"),
        ({}, 256, "taken branch costs 256 cycles"),
        ({"float": 2}, 0, "float is no class, expected one of alu, multiply"),
    ],
)
def test_impossible_model(costs: dict[str, int], taken: int, message: str) -> None:
    with pytest.raises(NeuroHartError, match=message):
        TimingModel("mine", "impossible", costs, taken)


def test_unknown_model_lists_the_names_there_are() -> None:
    with pytest.raises(NeuroHartError, match="timing model 'fast' is not known, expected one of ideal, edge2, edge5"):
        timing_model("fast")
    with pytest.raises(NeuroHartError, match="timing model 'fast'"):
        Machine(timing="fast")
