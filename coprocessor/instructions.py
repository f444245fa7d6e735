"""The Xnm instructions and CSRs in the form of the base ISA's definitions: encodings, texts, cycles, rights.

What an instruction computes lives in the coprocessor (C, and `coprocessor.golden`, the specification in code); here
stand the rules around it: ST, Dirty marking, traps and suspension (specification 1.3 to 1.6, 4.2, 4.5, 7.2).
"""

from __future__ import annotations

from typing import Any

from coprocessor.csrs import TABLE, Csr
from coprocessor.interface import REGISTER_INSTRUCTIONS, ST_DIRTY, Operation, Outcome
from iss.isa.catalogue import Extension
from iss.isa.csrs import CsrTable
from iss.isa.definitions import InstructionSet
from iss.isa.tracing import Unit

ST_MASK = 3
EVENT_CSRS = range(0x7C0, 0x7C7)  # those whose writes move interrupts or the next tick

UNIT = Unit(
    prefix="nm_",
    type_name="nm_coprocessor",
    front_name="nm_front",
    header="neurohart/coprocessor.h",
    functions={name: f"w:{'w' * arity}" for name, arity in REGISTER_INSTRUCTIONS.items()}
    | {"issue": "w:wwwd", "csr_read": "w:wd", "csr_write": "v:wwd"},
    fields={"ctl": 32, "mip": 32, "result": 32, "cause": 32, "tval": 32, "cycles": 63, "site": 32, "logged": 32},
)

xnmspk = InstructionSet("xnmspk", "Register-level spiking instructions", UNIT)
xnmlrn = InstructionSet("xnmlrn", "Plasticity instructions", UNIT)
xnmeng = InstructionSet("xnmeng", "Descriptor-driven spiking engine", UNIT)


def require_enabled(hart: Any) -> None:
    """Raise illegal instruction while nm_ctl.ST is Off (1.4, 4.2)."""
    if hart.coprocessor.ctl & ST_MASK == 0:
        hart.illegal()


def mark_dirty(hart: Any) -> None:
    """Set nm_ctl.ST to Dirty (1.6)."""
    hart.coprocessor.ctl = hart.coprocessor.ctl | ST_DIRTY


# Register-level instructions (chapter 5) ----------------------------------------------------------------------------
def _register_level(instructions: InstructionSet, pattern: str, text: str, cycles: int, documentation: str) -> None:
    """Define an instruction that is one call of the coprocessor; rd is a third source where the function takes it."""
    name = text.split(maxsplit=1)[0].removeprefix("nm.")
    sources = [operand for operand in ("rs1", "rs2") if operand in text]
    reads_rd = REGISTER_INSTRUCTIONS[name] > len(sources)

    def meaning(hart: Any, insn: Any) -> None:
        require_enabled(hart)
        operands = [hart.x[getattr(insn, source)] for source in sources]
        if reads_rd:
            operands.insert(0, hart.x[insn.rd])
        result = getattr(hart.coprocessor, name)(*operands)
        mark_dirty(hart)
        hart.x[insn.rd] = result

    meaning.__doc__ = documentation
    instructions.instruction(pattern, text, cost_class="coprocessor", cycles=cycles)(meaning)


def _spk(pattern: str, text: str, cycles: int, documentation: str) -> None:
    _register_level(xnmspk, pattern, text, cycles, documentation)


def _lrn(pattern: str, text: str, cycles: int, documentation: str) -> None:
    _register_level(xnmlrn, pattern, text, cycles, documentation)


# 5.1 Words of spikes
_spk("0000000 00000 rs1 000 rd 0001011", "nm.popc rd, rs1", 1, "Population count.")
_spk("0000001 rs2 rs1 000 rd 0001011", "nm.andpop rd, rs1, rs2", 1, "Population count of the conjunction.")
_spk("0000010 rs2 rs1 000 rd 0001011", "nm.xnorpop rd, rs1, rs2", 1, "Binary dot product of 32 signs.")
_spk("0000011 00000 rs1 000 rd 0001011", "nm.ffs rd, rs1", 1, "Find first set; 32 if there is none.")
_spk("0000100 00000 rs1 000 rd 0001011", "nm.clrlsb rd, rs1", 1, "Clear the lowest set bit.")
_spk("0000101 rs2 rs1 000 rd 0001011", "nm.spush rd, rs1, rs2", 1, "Shift a spike into a word.")
_spk("0000110 rs2 rs1 000 rd 0001011", "nm.evpk rd, rs1, rs2", 1, "Pack an address event.")
_spk("0000111 00000 rs1 000 rd 0001011", "nm.evad rd, rs1", 1, "Event address.")
_spk("0001000 00000 rs1 000 rd 0001011", "nm.evts rd, rs1", 1, "Event time stamp.")
# 5.2 Accumulation
_spk("0000000 rs2 rs1 001 rd 0001011", "nm.sacc8 rd, rs1, rs2", 1, "Gated accumulation, 4 x s8.")
_spk("0000001 rs2 rs1 001 rd 0001011", "nm.sacc4 rd, rs1, rs2", 1, "Gated accumulation, 8 x s4.")
_spk("0000010 rs2 rs1 001 rd 0001011", "nm.sacct rd, rs1, rs2", 1, "Gated accumulation, 16 x s2 (ternary).")
_spk("0000011 rs2 rs1 001 rd 0001011", "nm.saccb rd, rs1, rs2", 1, "Gated accumulation, 32 x +-1.")
_spk("0000100 rs2 rs1 001 rd 0001011", "nm.dot8 rd, rs1, rs2", 1, "Dot product, 4 x s8.")
_spk("0000101 rs2 rs1 001 rd 0001011", "nm.vadds rd, rs1, rs2", 1, "Add two s16 pairs, saturating.")
_spk("0000110 rs2 rs1 001 rd 0001011", "nm.vwadl rd, rs1, rs2", 1, "Add low weight bytes to an s16 pair.")
_spk("0000111 rs2 rs1 001 rd 0001011", "nm.vwadh rd, rs1, rs2", 1, "Add high weight bytes to an s16 pair.")
_spk("0001000 00000 rs1 001 rd 0001011", "nm.tnsyn rd, rs1", 1, "TrueNorth synapse.")
# 5.3 Neuron kernels
_spk("0000000 rs2 rs1 010 rd 0001011", "nm.dec rd, rs1, rs2", 2, "Decay.")
_spk("0000001 rs2 rs1 010 rd 0001011", "nm.decs rd, rs1, rs2", 1, "Shift decay.")
_spk("0000010 rs2 rs1 010 rd 0001011", "nm.integ rd, rs1, rs2", 1, "Integrate.")
_spk("0000011 rs2 rs1 010 rd 0001011", "nm.lif rd, rs1, rs2", 3, "Fused leaky integrate and fire.")
_spk("0000100 rs2 rs1 010 rd 0001011", "nm.cubi rd, rs1, rs2", 2, "Synaptic current.")
_spk("0000101 rs2 rs1 010 rd 0001011", "nm.cubv rd, rs1, rs2", 2, "Membrane driven by a current.")
_spk("0000110 00000 rs1 010 rd 0001011", "nm.thr rd, rs1", 1, "Threshold and reset.")
_spk("0000111 rs2 rs1 010 rd 0001011", "nm.cmp rd, rs1, rs2", 1, "Compare and push.")
_spk("0001000 00000 rs1 010 rd 0001011", "nm.athd rd, rs1", 2, "Adaptive threshold decay.")
_spk("0001001 rs2 rs1 010 rd 0001011", "nm.izh rd, rs1, rs2", 4, "Izhikevich step.")
_spk("0001010 rs2 rs1 010 rd 0001011", "nm.tn rd, rs1, rs2", 3, "TrueNorth leak, threshold and reset.")
_spk("0001011 rs2 rs1 010 rd 0001011", "nm.sdsig rd, rs1, rs2", 1, "Sigma accumulation.")
_spk("0001100 00000 rs1 010 rd 0001011", "nm.sdact rd, rs1", 1, "Activation.")
_spk("0001101 00000 rs1 010 rd 0001011", "nm.sdthr rd, rs1", 1, "Delta threshold.")
# 5.4 Random numbers and rounding
_spk("0000000 00000 00000 011 rd 0001011", "nm.rnd rd", 1, "Random word.")
_spk("0000001 00000 rs1 011 rd 0001011", "nm.rndn rd, rs1", 1, "Random number of n bits.")
_spk("0000010 rs2 rs1 011 rd 0001011", "nm.srsr rd, rs1, rs2", 1, "Stochastic rounding shift.")
_spk("0000011 rs2 rs1 011 rd 0001011", "nm.srnr rd, rs1, rs2", 1, "Rounding shift, half up.")
_spk("0000100 rs2 rs1 011 rd 0001011", "nm.srtz rd, rs1, rs2", 1, "Rounding shift, toward zero.")
_spk("0000101 00000 rs1 011 rd 0001011", "nm.bern rd, rs1", 1, "Bernoulli draw.")
_spk("0000110 rs2 rs1 011 rd 0001011", "nm.sat rd, rs1, rs2", 1, "Saturate to n bits.")
# 5.5 Plasticity
_lrn("0000000 rs2 rs1 100 rd 0001011", "nm.trd rd, rs1, rs2", 2, "Decay two traces.")
_lrn("0000001 rs2 rs1 100 rd 0001011", "nm.tri rd, rs1, rs2", 1, "Raise two traces.")
_lrn("0000010 rs2 rs1 100 rd 0001011", "nm.wadd8 rd, rs1, rs2", 1, "Add four weight changes.")
_lrn("0000011 rs2 rs1 100 rd 0001011", "nm.stdw rd, rs1, rs2", 2, "Apply a weight change.")
_lrn("0000100 rs2 rs1 100 rd 0001011", "nm.eld rd, rs1, rs2", 3, "Eligibility update.")
_lrn("0000101 rs2 rs1 100 rd 0001011", "nm.bltp rd, rs1, rs2", 4, "Stochastic potentiation of 32 binary weights.")
_lrn("0000110 rs2 rs1 100 rd 0001011", "nm.bltd rd, rs1, rs2", 4, "Stochastic depression of 32 binary weights.")
_lrn("0000111 rs2 rs1 100 rd 0001011", "nm.sdsp rd, rs1, rs2", 1, "SDSP weight change.")
_lrn("0001000 00000 rs1 100 rd 0001011", "nm.eph rd, rs1", 1, "Five-level surrogate derivative.")
_lrn("0001001 rs2 rs1 100 rd 0001011", "nm.epw rd, rs1, rs2", 2, "Stochastic +-1 weight update.")


# Engine instructions (chapter 7) ------------------------------------------------------------------------------------
def _engine_level(instructions: InstructionSet, pattern: str, text: str, documentation: str) -> None:
    """Define an instruction of the engine: it may retire, suspend or trap, and its cycles are known afterwards."""
    operation = Operation[text.split(maxsplit=1)[0].removeprefix("nm.").upper()]
    sources = {operand for operand in ("rd", "rs1", "rs2") if operand in text}

    def meaning(hart: Any, insn: Any) -> None:
        require_enabled(hart)
        unit = hart.coprocessor
        rs1 = hart.x[insn.rs1] if "rs1" in sources else 0
        rs2 = hart.x[insn.rs2] if "rs2" in sources else 0
        hart.settle()
        unit.site = hart.pc
        outcome = unit.issue(int(operation), rs1, rs2, hart.mcycle)
        hart.note_command(int(operation), outcome, rs1, rs2, unit.result, unit.cycles, unit.logged)
        hart.elapse(unit.cycles)
        if outcome == Outcome.TRAPPED:
            hart.trap(unit.cause, unit.tval)
        if outcome == Outcome.SUSPENDED:
            hart.suspend()
        if "rd" in sources:
            hart.x[insn.rd] = unit.result

    meaning.__doc__ = documentation
    instructions.instruction(pattern, text, cost_class="coprocessor", cycles=0)(meaning)


_engine_level(xnmeng, "0000000 rs2 rs1 000 rd 0101011", "nm.run rd, rs1, rs2", "Run a network for rs2 steps.")
_engine_level(xnmeng, "0000001 rs2 rs1 000 rd 0101011", "nm.layer rd, rs1, rs2", "One projection, then its population.")
_engine_level(xnmeng, "0000010 rs2 rs1 000 rd 0101011", "nm.syn rd, rs1, rs2", "Accumulate a projection.")
_engine_level(xnmeng, "0000011 00000 rs1 000 rd 0101011", "nm.upd rd, rs1", "Update a population.")
_engine_level(xnmlrn, "0000100 rs2 rs1 000 rd 0101011", "nm.learn rd, rs1, rs2", "Apply a plasticity rule once.")
_engine_level(xnmeng, "0000101 00000 rs1 000 rd 0101011", "nm.rst rd, rs1", "Reset a population.")
_engine_level(xnmeng, "0000000 rs2 rs1 001 rd 0101011", "nm.inj rd, rs1, rs2", "Push an event into a queue.")
_engine_level(xnmeng, "0000001 rs2 00000 001 rd 0101011", "nm.pop rd, rs2", "Pop the oldest event of a queue.")
_engine_level(xnmeng, "0000010 rs2 00000 001 rd 0101011", "nm.qlev rd, rs2", "Number of entries of a queue.")
_engine_level(xnmeng, "0000011 00000 rs1 001 rd 0101011", "nm.ev2bm rd, rs1", "Event list to bitmap.")
_engine_level(xnmeng, "0000100 00000 rs1 001 rd 0101011", "nm.bm2ev rd, rs1", "Bitmap to event list.")
_engine_level(xnmeng, "0000000 rs2 rs1 010 rd 0101011", "nm.start rd, rs1, rs2", "Start an asynchronous run.")
_engine_level(xnmeng, "0000001 00000 00000 010 rd 0101011", "nm.wait rd", "Wait for the asynchronous run.")
_engine_level(xnmeng, "0000010 00000 00000 010 rd 0101011", "nm.poll rd", "Tell whether the unit is busy.")
_engine_level(xnmeng, "0000011 00000 00000 010 rd 0101011", "nm.abort rd", "End the asynchronous run.")
_engine_level(xnmeng, "0000000 00000 rs1 011 rd 0101011", "nm.check rd, rs1", "Validate a descriptor tree.")
_engine_level(xnmeng, "0000000 00000 rs1 100 00000 0101011", "nm.save rs1", "Save the coprocessor context.")
_engine_level(xnmeng, "0000001 00000 rs1 100 00000 0101011", "nm.rest rs1", "Restore the coprocessor context.")


# CSRs (4.1, 4.2) ----------------------------------------------------------------------------------------------------
def _csr_table() -> CsrTable:
    table = CsrTable("xnmspk", UNIT)
    for csr in TABLE:
        _define_csr(table, csr)
    return table


def _define_csr(table: CsrTable, csr: Csr) -> None:
    guarded = csr.access == "U RW"

    def read(hart: Any) -> Any:
        if guarded:
            require_enabled(hart)
        return hart.coprocessor.csr_read(csr.number, hart.mcycle)

    def write(hart: Any, value: Any) -> None:
        if guarded:
            require_enabled(hart)
        hart.coprocessor.csr_write(csr.number, value, hart.mcycle)
        if guarded:
            mark_dirty(hart)
        if csr.number in EVENT_CSRS:
            hart.synchronise()

    table.define(csr.number, csr.name, csr.documentation, read, write if csr.writable else None)


EXTENSIONS: dict[str, Extension] = {
    "xnmspk": Extension("xnmspk", xnmspk.title, xnmspk, _csr_table(), ("zicsr",)),
    "xnmeng": Extension("xnmeng", xnmeng.title, xnmeng, None, ("xnmspk",)),
    "xnmlrn": Extension("xnmlrn", xnmlrn.title, xnmlrn, None, ("xnmeng",)),
}
