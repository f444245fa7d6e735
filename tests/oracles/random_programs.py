"""Seeded random programs that end by themselves: the input of all differential tests.

A program is a list of snippets; a new kind of snippet is one method `_snippet_<name>` and its weight in WEIGHTS.
Register-to-register instructions are taken from the given instruction set, so an extension is covered when it exists.
Why the workbench has a generator of its own: `iss.extension.programs`. Of the project, this one uses encodings alone.
"""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass
from pathlib import Path

from iss.isa.definitions import Definition, InstructionSet
from iss.loaders.image import Image, Segment, Symbol
from iss.memory.map import MemoryMap
from tests.oracles.elf_image import write_elf

RAM = MemoryMap().ram
TOHOST = RAM.base + 0x2_0000
SYMBOLS = {"tohost": TOHOST, "fromhost": TOHOST + 8}
"""Spike wants both."""
DATA = RAM.base + 0x2_1000
DATA_SIZE = 0x1000

LINK, POINTER, OUTER, INNER, WINDOW, HANDLER, SCRATCH = 25, 26, 27, 28, 29, 30, 31
"""Registers that random instructions read but never write."""
DESTINATIONS = range(LINK)

MRET = 0x30200073
MACHINE_INTERRUPT_ENABLE = 8
CSR = {
    "mstatus": 0x300, "misa": 0x301, "mie": 0x304, "mtvec": 0x305, "mstatush": 0x310, "mcountinhibit": 0x320,
    "mscratch": 0x340, "mepc": 0x341, "mcause": 0x342, "mtval": 0x343, "mip": 0x344,
    "minstret": 0xB02, "minstreth": 0xB82, "mhartid": 0xF14, "mconfigptr": 0xF15, "mvendorid": 0xF11,
    "instret": 0xC02, "instreth": 0xC82, "mhpmevent3": 0x323, "mhpmcounter31": 0xB1F, "mhpmcounter3h": 0xB83,
    "tselect": 0x7A0,
}  # fmt: skip
WRITABLE = (
    *("mstatus", "mie", "mcountinhibit", "mscratch", "mepc", "mcause", "mtval", "mip", "minstret", "minstreth"),
    *("mhpmevent3", "mhpmcounter31", "mhpmcounter3h", "tselect", "mscratch", "mepc", "mcountinhibit", "minstret"),
)
READ_ONLY = ("misa", "mtvec", "mstatush", "mhartid", "mconfigptr", "mvendorid", "instret", "instreth")
ABSENT = (0x000, 0x015, 0x180, 0x105, 0x302, 0x306, 0x5C0, 0x7C0, 0x7FF, 0x800, 0xCC0, 0xFC0)
"""CSR numbers that neither simulator has in M-mode-only RV32IM."""

_POSITIVE = (0, 1, 2, 3, 4, 31, 32, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0x8000_0001)
CORNERS = (*_POSITIVE, *(-value & 0xFFFF_FFFF for value in _POSITIVE[1:]))
UNMAPPED_PAGES = (0x00000, 0x40000, RAM.base - 1 >> 12, RAM.end >> 12, 0xFFFFF)
FOREIGN_OPCODES = (0x07, 0x27, 0x2F, 0x43, 0x53, 0x57, 0x5F, 0x7F, 0x3F, 0x1F)
"""Major opcodes of extensions that are not selected, reserved and longer encodings."""

WEIGHTS = {
    "alu": 60, "load": 12, "store": 12, "pointer": 6, "branch": 10, "jump": 4, "loop": 3, "constant": 6,
    "csr": 6, "trap": 3, "illegal": 3, "fault": 3, "misaligned": 3, "misaligned_jump": 2, "wild_jump": 1, "fence": 2,
    "self_modifying": 2, "return": 1, "interrupt": 1,
}  # fmt: skip
PRIVILEGED = ("csr", "trap", "illegal", "fault", "misaligned", "misaligned_jump", "wild_jump", "return", "interrupt")
"""Leave these out for programs that never trap."""


@dataclass(frozen=True)
class RandomProgram:
    """Code words from the start of RAM, the bytes of the data window; ends by storing 1 to `tohost`."""

    seed: int
    words: tuple[int, ...]
    data: bytes

    def segments(self) -> list[tuple[int, bytes]]:
        """(address, bytes) of code, `tohost` and data."""
        code = struct.pack(f"<{len(self.words)}I", *self.words)
        return [(RAM.base, code), (TOHOST, bytes(16)), (DATA, self.data)]

    def image(self) -> Image:
        """The program as the simulator's loaders would hand it over."""
        segments = tuple(Segment(address, data, len(data), "rwx") for address, data in self.segments())
        symbols = {name: Symbol(name, address, 8, "object") for name, address in SYMBOLS.items()}
        return Image(RAM.base, segments, symbols, f"random-{self.seed}")

    def write_elf(self, path: Path) -> Path:
        """The program as an ELF file."""
        write_elf(path, RAM.base, self.segments(), SYMBOLS)
        return path


def random_program(
    seed: int, instructions: InstructionSet, size: int = 150, without: tuple[str, ...] = ()
) -> RandomProgram:
    """A program of about `size` top-level snippets (some 300 words); `without` names snippets to leave out."""
    return _Generator(seed, instructions, without).program(size)


def directed_program(body: list[int], instructions: InstructionSet) -> RandomProgram:
    """A program with a given body between the same start-up code, trap handler and exit."""
    return _Generator(0, instructions, ()).around(body)


@dataclass(frozen=True)
class _Branch:
    """A control transfer forward, `ahead` items in its block (fewer if the offset could not be encoded).

    `words` come first; the offset counts from the first word of the item.
    """

    words: tuple[int, ...]
    mnemonic: str
    operands: dict[str, int]
    ahead: int


class _Generator:
    """State of one generation: the random source and the instructions by kind."""

    def __init__(self, seed: int, instructions: InstructionSet, without: tuple[str, ...]) -> None:
        self.seed, self.instructions = seed, instructions
        self.random = random.Random(seed)
        special = {"jump", "branch", "load", "store", "csr", "system", "fence"}
        self.kinds: dict[str, list[Definition]] = {}
        for definition in instructions:
            kind = definition.cost_class if definition.cost_class in special else "alu"
            if kind != "alu" or "rd" in definition.encoding.fields:
                self.kinds.setdefault(kind, []).append(definition)
        weights = {name: weight for name, weight in WEIGHTS.items() if name not in without}
        self.names, self.weights = list(weights), list(weights.values())
        self.interrupts = "interrupt" in weights

    def encode(self, mnemonic: str, **operands: int) -> int:
        """One instruction word."""
        return self.instructions.by_mnemonic[mnemonic].encoding.encode(**operands)

    def program(self, size: int) -> RandomProgram:
        """A random body of `size` snippets with all that belongs around it."""
        return self.around(self._block(size, depth=0))

    def around(self, body: list[int]) -> RandomProgram:
        """Start-up code, handler, body, exit, data."""
        handler = self._handler()
        words = [self.encode("jal", imm=4 * (1 + len(handler))), *handler, *self._start(), *body, *self._exit()]
        if RAM.base + 4 * len(words) > TOHOST:
            raise ValueError(f"{len(words)} words are more than fit below tohost")
        data = b"".join(struct.pack("<I", self._value()) for _ in range(DATA_SIZE // 4))
        return RandomProgram(self.seed, tuple(words), data)

    def _constant(self, register: int, value: int) -> list[int]:
        """Two words that load a 32-bit value."""
        low = (value & 0xFFF) - (0x1000 if value & 0x800 else 0)
        high = (value - low) & 0xFFFF_F000
        high -= (high & 0x8000_0000) << 1
        return [self.encode("lui", rd=register, imm=high), self.encode("addi", rd=register, rs1=register, imm=low)]

    def _value(self) -> int:
        """A register value: corners, small numbers and random bits."""
        kind = self.random.randrange(4)
        if kind < 2:
            return self.random.choice(CORNERS)
        return self.random.getrandbits(self.random.choice((8, 12, 16, 31, 32)))

    def _start(self) -> list[int]:
        """Trap vector, no timer interrupt, a value for every register."""
        words = self._constant(SCRATCH, RAM.base + 4)
        words.append(self.encode("csrrw", csr=CSR["mtvec"], rs1=SCRATCH))
        if self.interrupts:
            words += self._constant(POINTER, MemoryMap().clint.base + 0x4000)
            words.append(self.encode("addi", rd=LINK, imm=-1))
            words += [self.encode("sw", rs1=POINTER, rs2=LINK, imm=offset) for offset in (0, 4)]
        for register in range(1, 32):
            value = DATA + DATA_SIZE // 2 if register == WINDOW else self._value()
            words += self._constant(register, value)
        return words

    def _handler(self) -> list[int]:
        """Skip the instruction that trapped; return to LINK after a fetch fault; clear a software interrupt."""
        read = {name: self.encode("csrrs", rd=SCRATCH, csr=CSR[name]) for name in ("mtval", "mstatus", "mepc", "mip")}
        skip = [
            read["mtval"],
            read["mstatus"],
            self.encode("addi", rd=SCRATCH, imm=1),
            self.encode("beq", rs1=HANDLER, rs2=SCRATCH, imm=4 * 5),
            read["mepc"],
            self.encode("addi", rd=SCRATCH, rs1=SCRATCH, imm=4),
            self.encode("csrrw", csr=CSR["mepc"], rs1=SCRATCH),
            MRET,
            self.encode("csrrw", csr=CSR["mepc"], rs1=LINK),
            MRET,
        ]
        interrupt = [
            read["mepc"],
            read["mip"],
            self.encode("lui", rd=SCRATCH, imm=MemoryMap().clint.base),
            self.encode("sw", rs1=SCRATCH, rs2=0, imm=0),
            MRET,
        ]
        return [
            self.encode("csrrs", rd=HANDLER, csr=CSR["mcause"]),
            self.encode("blt", rs1=HANDLER, rs2=0, imm=4 * (len(skip) + 1)),
            *skip,
            *interrupt,
        ]

    def _exit(self) -> list[int]:
        """Store 1 to tohost (high word first, so that the low one ends the run), then stand still."""
        return [
            *self._constant(POINTER, TOHOST),
            self.encode("addi", rd=LINK, imm=1),
            self.encode("sw", rs1=POINTER, rs2=0, imm=4),
            self.encode("sw", rs1=POINTER, rs2=LINK, imm=0),
            self.encode("jal", imm=0),
        ]

    def _block(self, count: int, depth: int) -> list[int]:
        """`count` snippets; branches go forward to the start of a snippet of the same block, or to its end."""
        items: list[list[int] | _Branch] = []
        for index in range(count):
            name = self.random.choices(self.names, self.weights)[0]
            if name in ("branch", "jump"):
                items.append(getattr(self, f"_{name}")(min(self.random.randint(1, 6), count - index)))
            elif name == "loop":
                items.append(self._loop(depth) if depth < 2 else self._snippet_alu())
            else:
                items.append(getattr(self, f"_snippet_{name}")())
        starts = [0]
        for item in items:
            size = len(item.words) + 1 if isinstance(item, _Branch) else len(item)
            starts.append(starts[-1] + size)
        words: list[int] = []
        for index, item in enumerate(items):
            if isinstance(item, _Branch):
                furthest = self.instructions.by_mnemonic[item.mnemonic].encoding.fields["imm"].maximum
                distances = [4 * (start - starts[index]) for start in starts[index + 1 : index + item.ahead + 1]]
                offset = max(distance for distance in distances if distance <= furthest)
                words += [*item.words, self.encode(item.mnemonic, **item.operands, imm=offset)]
            else:
                words += item
        return words

    def _loop(self, depth: int) -> list[int]:
        """A bounded loop; the counter depends on the depth."""
        counter = (OUTER, INNER)[depth]
        body = self._block(self.random.randint(2, 12), depth + 1)
        words = [self.encode("addi", rd=counter, imm=self.random.randint(1, 5)), *body]
        words.append(self.encode("addi", rd=counter, rs1=counter, imm=-1))
        return [*words, self.encode("bne", rs1=counter, rs2=0, imm=-4 * (len(body) + 1))]

    def _operands(self, definition: Definition) -> dict[str, int]:
        """Random operands in range; the destination is never a reserved register."""
        operands = {}
        for name, field in definition.encoding.fields.items():
            if name == "rd":
                operands[name] = self.random.choice(DESTINATIONS)
            elif name.startswith("rs"):
                operands[name] = self.random.randrange(32)
            else:
                step = 1 << field.low
                corners = (field.minimum, field.maximum, 0, step, -step if field.signed else step)
                anything = self.random.randrange(field.minimum, field.maximum + 1, step)
                operands[name] = self.random.choice((anything, anything, self.random.choice(corners)))
        return operands

    def _pick(self, kind: str) -> Definition:
        return self.random.choice(self.kinds[kind])

    def _snippet_alu(self) -> list[int]:
        definition = self._pick("alu")
        return [definition.encoding.encode(**self._operands(definition))]

    def _snippet_constant(self) -> list[int]:
        return self._constant(self.random.choice(DESTINATIONS), self._value())

    def _access(self, kind: str, base: int, offset: int) -> int:
        """A load or store of any width at a given address operand."""
        definition = self._pick(kind)
        operands = self._operands(definition) | {"rs1": base, "imm": offset}
        return definition.encoding.encode(**operands)

    def _snippet_load(self) -> list[int]:
        return [self._access("load", WINDOW, self.random.randrange(-2048, 2048, 4))]

    def _snippet_store(self) -> list[int]:
        return [self._access("store", WINDOW, self.random.randrange(-2048, 2048, 4))]

    def _snippet_misaligned(self) -> list[int]:
        """Any address in the window: aligned or not, as the width has it."""
        return [self._access(self.random.choice(("load", "store")), WINDOW, self.random.randrange(-2048, 2044))]

    def _snippet_pointer(self) -> list[int]:
        """An access whose address depends on a register."""
        return [
            self.encode("andi", rd=POINTER, rs1=self.random.choice(DESTINATIONS), imm=0x7FC),
            self.encode("add", rd=POINTER, rs1=POINTER, rs2=WINDOW),
            self._access(self.random.choice(("load", "store")), POINTER, self.random.choice((0, 0, -4, -2048))),
        ]

    def _snippet_fault(self) -> list[int]:
        """An access at or just outside memory: access fault, misaligned, or the last bytes of RAM."""
        page = self.random.choice(UNMAPPED_PAGES)
        upper = (page << 12) - (page >> 19 << 32)
        offset = self.random.choice((0, 4, 1, 2, -4, -1, -2, 0x7FC, -2048))
        if page in (0, RAM.base - 1 >> 12):  # below these pages there is nothing that both simulators have
            offset &= 0x7FF
        kind = self.random.choice(("load", "store"))
        return [self.encode("lui", rd=POINTER, imm=upper), self._access(kind, POINTER, offset)]

    def _branch(self, ahead: int) -> _Branch:
        definition = self._pick("branch")
        operands = self._operands(definition)
        del operands["imm"]
        return _Branch((), definition.mnemonic, operands, ahead)

    def _jump(self, ahead: int) -> _Branch:
        """jal, or auipc and jalr."""
        rd = self.random.choice(DESTINATIONS)
        if self.random.random() < 0.5:
            return _Branch((), "jal", {"rd": rd}, ahead)
        return _Branch((self.encode("auipc", rd=POINTER, imm=0),), "jalr", {"rd": rd, "rs1": POINTER}, ahead)

    def _snippet_misaligned_jump(self) -> list[int]:
        """A branch or jump to a multiple of two that is not one of four: a trap when taken."""
        offset = self.random.choice((-2, 2, 6, 10, -6))
        kind = self.random.randrange(3)
        if kind == 0:
            definition = self._pick("branch")
            return [definition.encoding.encode(**self._operands(definition) | {"imm": offset})]
        rd = self.random.choice(DESTINATIONS)
        if kind == 1:
            return [self.encode("jal", rd=rd, imm=offset)]
        odd = self.random.randrange(2)
        return [self.encode("auipc", rd=POINTER, imm=0), self.encode("jalr", rd=rd, rs1=POINTER, imm=offset + odd)]

    def _snippet_wild_jump(self) -> list[int]:
        """A jump outside memory: a fetch fault, from which the handler returns to LINK."""
        return [
            self.encode("auipc", rd=LINK, imm=0),
            self.encode("addi", rd=LINK, rs1=LINK, imm=16),
            self.encode("lui", rd=POINTER, imm=0x4000_0000),
            self.encode("jalr", rd=self.random.choice(DESTINATIONS), rs1=POINTER, imm=self.random.randrange(0, 64)),
        ]

    def _snippet_csr(self) -> list[int]:
        """An access to a CSR that both have, to a read-only one, or to none at all."""
        definition = self._pick("csr")
        operands = self._operands(definition)
        source = "rs1" if "rs1" in operands else "uimm"
        kind = self.random.randrange(8)
        if kind < 5:
            operands["csr"] = CSR[self.random.choice(WRITABLE)]
        elif kind < 7:
            operands["csr"] = CSR[self.random.choice(READ_ONLY)]
            if operands["csr"] in (CSR["misa"], CSR["mtvec"], CSR["mstatush"]) or self.random.random() < 0.5:
                return [self.encode("csrrs", rd=operands["rd"], csr=operands["csr"])]
        else:
            operands["csr"] = self.random.choice(ABSENT)
        if self.random.random() < 0.3:
            operands[source] = 0
        return [definition.encoding.encode(**operands)]

    def _snippet_trap(self) -> list[int]:
        return [self.encode(self.random.choice(("ecall", "ebreak")))]

    def _snippet_illegal(self) -> list[int]:
        """A word outside the instruction set: foreign opcode, too short, or one fixed bit away from a legal one."""
        kind = self.random.randrange(4)
        if kind == 0:
            return [self.random.getrandbits(25) << 7 | self.random.choice(FOREIGN_OPCODES)]
        if kind == 1:
            return [self.random.choice((0, 0xFFFF_FFFF, self.random.getrandbits(30) << 2 | self.random.randrange(3)))]
        while True:
            definition = self._pick("alu")
            bit = self.random.choice([bit for bit in range(32) if definition.encoding.mask >> bit & 1])
            word = definition.encoding.encode(**self._operands(definition)) ^ 1 << bit
            if self.instructions.decode(word) is None:
                return [word]

    def _snippet_fence(self) -> list[int]:
        definition = self.random.choice([self.instructions.by_mnemonic[name] for name in ("fence", "fence.i")])
        return [definition.encoding.encode(**self._operands(definition))]

    def _snippet_self_modifying(self) -> list[int]:
        """Overwrite the instruction behind the fence.i that makes the store visible."""
        new, old = self._snippet_alu()[0], self._snippet_alu()[0]
        return [
            self.encode("auipc", rd=POINTER, imm=0),
            *self._constant(LINK, new),
            self.encode("sw", rs1=POINTER, rs2=LINK, imm=20),
            self.encode("fence.i"),
            old,
        ]

    def _snippet_return(self) -> list[int]:
        """mret to the next instruction."""
        return [
            self.encode("auipc", rd=POINTER, imm=0),
            self.encode("addi", rd=POINTER, rs1=POINTER, imm=16),
            self.encode("csrrw", csr=CSR["mepc"], rs1=POINTER),
            MRET,
        ]

    def _snippet_interrupt(self) -> list[int]:
        """A pending software interrupt, taken when mstatus.MIE is set."""
        return [
            self.encode("csrrci", csr=CSR["mstatus"], uimm=MACHINE_INTERRUPT_ENABLE),
            self.encode("lui", rd=POINTER, imm=MemoryMap().clint.base),
            self.encode("addi", rd=LINK, imm=1),
            self.encode("sw", rs1=POINTER, rs2=LINK, imm=0),
            self.encode("csrrwi", csr=CSR["mie"], uimm=MACHINE_INTERRUPT_ENABLE),
            self.encode("csrrsi", csr=CSR["mstatus"], uimm=MACHINE_INTERRUPT_ENABLE),
            self.encode("addi", imm=0),
        ]
