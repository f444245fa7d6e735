"""Traces as C statements: bodies of instruction handlers, and the functions for CSRs and traps.

Effects become macros of `interpreter_template.c`, which defines them twice: for the fast handlers, which may give up
before their first side effect, and for the careful ones, which do everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from iss.engines.c_expressions import Expressions
from iss.isa.definitions import Definition
from iss.isa.state import HART_FIELDS, StateField
from iss.isa.tracing import EFFECTS, ENDS_THE_PATH, Block, Node
from iss.isa.values import Value

_SIDE_EFFECTS = frozenset(
    {"write_x", "store", "unit_call", "unit_write", "write_field", "write_state", "write_csr", "elapse"}
)
_MAY_GIVE_UP = frozenset({"load", "store", "jump", "trap", "read_csr", "write_csr"})
_CAREFUL_ONLY = frozenset(
    {"read_csr", "write_csr", "read_field", "write_field", "settle", "elapse", "suspend", "wait", "synchronise"}
    | {"note_command"}
)


def is_fast(tree: Block) -> bool:
    """Tell whether a fast handler may exist.

    No path may have a side effect before something that may give up, and each must write rd once or not at all.
    """
    nodes = {node.index: node for node in tree.walk()}
    if any(node.operation in _CAREFUL_ONLY and node.static != "instruction_word" for node in nodes.values()):
        return False

    def writes_rd(node: Node) -> bool:
        index = node.operands[0]
        target = nodes[index.index] if isinstance(index, Value) else None
        return target is not None and target.operation == "operand" and target.static == "rd"

    def clean(block: Block, dirty: bool, written: int) -> bool:
        for node in block.nodes:
            if node.operation in _MAY_GIVE_UP and dirty:
                return False
            dirty = dirty or node.operation in _SIDE_EFFECTS
            if node.operation == "write_x":
                written += 1
                if not writes_rd(node):
                    return False
        if block.then is None or block.otherwise is None:
            ended = any(node.operation == "trap" for node in block.nodes)
            return ended or written == has_rd
        return clean(block.then, dirty, written) and clean(block.otherwise, dirty, written)

    has_rd = int(any(node.operation == "write_x" for node in nodes.values()))
    return clean(tree, False, 0)


def sources(tree: Block) -> tuple[str, ...]:
    """Return which of rs1 and rs2 name x registers that the instruction reads."""
    nodes = {node.index: node for node in tree.walk()}
    read = {
        nodes[node.operands[0].index].static
        for node in nodes.values()
        if node.operation == "read_x" and isinstance(node.operands[0], Value)
    }
    return tuple(name for name in ("rs1", "rs2") if name in read)


def forwards_rd(tree: Block) -> bool:
    """Tell whether every path writes rd and no other register: C's `last` then holds rd's value afterwards.

    A `fence` has an rd field, too, but leaves it alone.
    """
    nodes = {node.index: node for node in tree.walk()}

    def writes(block: Block, written: bool) -> bool:
        for node in block.nodes:
            if node.operation in ENDS_THE_PATH:
                return True
            if node.operation == "write_x":
                register = node.operands[0]
                if not isinstance(register, Value) or nodes[register.index].static != "rd":
                    return False
                written = True
        if block.then is None or block.otherwise is None:
            return written
        return writes(block.then, written) and writes(block.otherwise, written)

    return writes(tree, False)


def accesses(tree: Block) -> tuple[int, int]:
    """Return the least and the most loads and stores on a path that retires; (0, 0) if none does."""

    def retiring(block: Block, count: int) -> Iterator[int]:
        count += sum(node.operation in ("load", "store") for node in block.nodes)
        if block.then is not None and block.otherwise is not None:
            yield from retiring(block.then, count)
            yield from retiring(block.otherwise, count)
        elif not any(node.operation in ENDS_THE_PATH for node in block.nodes):
            yield count

    counts = list(retiring(tree, 0)) or [0]
    return min(counts), max(counts)


class Body:
    """Prints one trace as C statements."""

    def __init__(
        self,
        tree: Block,
        slots: dict[str, str],
        extra: str = "0",
        from_last: frozenset[str] = frozenset(),
        following: str = "NEXT();",
    ) -> None:
        """`extra` are further cycles of a taken jump, `from_last` the source operands that are in C's `last`.

        `following` is what a path without a jump ends with.
        """
        self.tree, self.slots, self.extra, self.from_last = tree, slots, extra, from_last
        self.following = following
        self.counted = accesses(tree)[0]  # the loads and stores that the decoded step counts
        self.nodes = {node.index: node for node in tree.walk()}
        self.direct = {
            node.index: offset
            for node in self.nodes.values()
            if node.operation == "jump" and (offset := direct_offset(node, self.nodes)) is not None
        }
        self.expressions = Expressions(tree, frozenset(self.direct))
        self.lines: list[str] = []

    def text(self, operand: Any, kind: str | None = None) -> str:
        return self.expressions.text(operand, kind)

    def emit(self, depth: int, line: str) -> None:
        self.lines.append("    " * depth + line)

    def block(self, block: Block, depth: int, jump: str | None, accesses: int = 0) -> None:
        """Print a block and what follows it; `jump` is the jump macro pending on this path, after so many accesses."""
        for node in block.nodes:
            jump = self.node(node, depth) or jump
            accesses += node.operation in ("load", "store")
            if node.operation in ENDS_THE_PATH:
                return
        if block.then is None or block.otherwise is None:
            self.finish(block, depth, jump, accesses)
            return
        self.emit(depth, f"if ({self.text(block.decision)}) {{")
        self.block(block.then, depth + 1, jump, accesses)
        self.emit(depth, "} else {")
        self.block(block.otherwise, depth + 1, jump, accesses)
        self.emit(depth, "}")

    def finish(self, block: Block, depth: int, jump: str | None, accesses: int) -> None:
        """Print the end of a path of an instruction."""
        if accesses > self.counted:
            self.emit(depth, f"acc += ACCESSES({accesses - self.counted});")
        self.emit(depth, jump or self.following)

    def node(self, node: Node, depth: int) -> str | None:
        """Print one node; return the macro that ends the path if the node is a jump."""
        operation = node.operation
        if self.expressions.is_dead(node):
            return None
        if operation == "operand":
            self.declare(node, depth, self.slots[node.static].replace("READ_RD", "(d->rd & 31u)"))
        elif operation not in EFFECTS:
            self.declare(node, depth, self.expressions.arithmetic(node))
        else:
            return self.effect(node, depth)
        return None

    def declare(self, node: Node, depth: int, text: str) -> None:
        declaration = self.expressions.define(node, text)
        if declaration is not None:
            self.emit(depth, declaration)

    def operand_name(self, operand: Any) -> str | None:
        """Return the name of the operand field that a value is, if it is one."""
        node = self.nodes[operand.index] if isinstance(operand, Value) else None
        return str(node.static) if node is not None and node.operation == "operand" else None

    def register(self, operand: Any, *, write: bool) -> str:
        """Return the index of an x register; a write to x0 goes to the spare slot."""
        if write and self.operand_name(operand) == "rd":
            return "d->rd"
        number = self.text(operand)
        if not write:
            return number
        if isinstance(operand, Value):
            return f"{number} ? {number} : 32u"
        return "32" if operand == 0 else number

    def effect(self, node: Node, depth: int) -> str | None:
        if node.index in self.direct:
            return self.direct_jump(node, depth)
        word = [self.text(operand, "uint32_t") for operand in node.operands]
        match node.operation:
            case "read_pc":
                self.declare(node, depth, "PC()")
            case "read_x":
                last = self.operand_name(node.operands[0]) in self.from_last
                self.declare(node, depth, "last" if last else f"s->x[{self.register(node.operands[0], write=False)}]")
            case "write_x":
                self.emit(depth, f"WRITE_X({self.register(node.operands[0], write=True)}, {word[1]});")
            case "load":
                self.emit(depth, f"uint32_t v{node.index};")
                self.emit(depth, f"LOAD{8 * node.static}(v{node.index}, {word[0]});")
                self.expressions.texts[node.index] = f"v{node.index}"
                if not self.expressions.uses.get(node.index):
                    self.emit(depth, f"(void)v{node.index};")
            case "store":
                self.emit(depth, f"STORE{8 * node.static}({word[0]}, {word[1]});")
            case "jump":
                return self.jump(node, depth)
            case "read_csr":
                self.emit(depth, f"uint32_t v{node.index};")
                self.emit(depth, f"READ_CSR(v{node.index}, {word[0]});")
                self.expressions.texts[node.index] = f"v{node.index}"
            case "write_csr":
                self.emit(depth, f"WRITE_CSR({word[0]}, {word[1]});")
            case "read_field":
                self.declare(node, depth, self.field(node.static))
            case "write_field":
                kind = "uint32_t" if HART_FIELDS[node.static] <= 32 else "uint64_t"
                self.emit(depth, f"s->{node.static} = {self.text(node.operands[0], kind)};")
            case "read_state":
                self.declare(node, depth, self.member(node))
            case "write_state":
                value = _stored_text(node.static, self.expressions.text(node.operands[1], "uint64_t"))
                self.emit(depth, f"{self.member(node)} = {value};")
            case "trap":
                self.emit(depth, f"TRAP({word[0]}, {word[1]});")
            case "elapse":
                self.emit(depth, f"ELAPSE({self.text(node.operands[0], 'uint64_t')});")
            case "suspend" | "wait" | "synchronise":
                self.emit(depth, f"{node.operation.upper()}();")
            case "note_command":
                *first, cycles, spikes = node.operands
                parts = [*(self.text(operand, "uint32_t") for operand in first), self.text(cycles, "uint64_t")]
                self.emit(depth, f"NOTE_COMMAND({', '.join(parts)}, {self.text(spikes, 'uint32_t')});")
            case "settle":
                self.emit(depth, "EXACT();")
            case "unit_call":
                name, signature = node.static
                result, _, kinds = signature.partition(":")
                types = ["uint64_t" if kind == "d" else "uint32_t" for kind in kinds]
                operands = (self.text(operand, kind) for operand, kind in zip(node.operands, types, strict=True))
                call = f"s->unit.{name}({', '.join(['s->unit.self', *operands])})"
                if self.expressions.uses.get(node.index):
                    self.declare(node, depth, call)
                else:
                    self.emit(depth, f"{'' if result == 'v' else '(void)'}{call};")
            case "unit_read":
                self.declare(node, depth, f"s->unit.front->{node.static}")
            case "unit_write":
                self.emit(depth, f"s->unit.front->{node.static} = {word[0]};")
        return None

    def field(self, name: str) -> str:
        """Return the C text of a field of the hart's state."""
        return "WORD()" if name == "instruction_word" else f"s->{name}"

    def member(self, node: Node) -> str:
        """Return the C text of the number of an extension's state that a node reads or writes."""
        index = f"[{self.text(node.operands[0])}]" if node.static.count > 1 else ""
        return f"s->extension->{node.static.name}{index}"

    def direct_jump(self, node: Node, depth: int) -> str:
        """Print the check of a jump to pc + operand; return what performs it at the end of the path."""
        operand = self.slots[self.direct[node.index]]
        self.emit(depth, f"CHECK_DIRECT({operand});")
        return f"JUMP_DIRECT({operand}, {self.extra});"

    def jump(self, node: Node, depth: int) -> str:
        """Print the check of a computed target; return what performs the jump at the end of the path."""
        self.emit(depth, f"const uint32_t target = {self.text(node.operands[0], 'uint32_t')};")
        self.emit(depth, "CHECK_TARGET(target);")
        return f"JUMP(target, {self.extra});"


def _stored_text(field: StateField, value: str) -> str:
    """Return the C text of what a state field holds after a write of a uint64_t."""
    if field.bits == field.storage_bits:
        return f"({field.c_type})({value})"
    if field.signed:
        return f"({field.c_type})nh_signed({value}, {field.bits})"
    return f"({field.c_type})(({value}) & UINT64_C({(1 << field.bits) - 1:#x}))"


def direct_offset(jump: Node, nodes: dict[int, Node]) -> str | None:
    """Return the operand field if a jump goes to pc + operand: then the decoder checks the target once."""
    target = jump.operands[0]
    if not isinstance(target, Value) or nodes[target.index].operation != "add":
        return None
    parts = [nodes[operand.index] for operand in nodes[target.index].operands if isinstance(operand, Value)]
    if {part.operation for part in parts} != {"read_pc", "operand"}:
        return None
    return str(next(part.static for part in parts if part.operation == "operand"))


def has_direct_jump(tree: Block) -> str | None:
    """Return the offset operand of an instruction's direct jump, if it has one."""
    nodes = {node.index: node for node in tree.walk()}
    offsets = {direct_offset(node, nodes) for node in nodes.values() if node.operation == "jump"}
    return offsets.pop() if len(offsets) == 1 else None


class FunctionBody(Body):
    """Prints a trace as the body of a C function that returns `result` (CSR rules, trap entry)."""

    def field(self, name: str) -> str:
        return f"s->{name}"

    def effect(self, node: Node, depth: int) -> str | None:
        if node.operation == "trap":
            cause, value = (self.text(operand, "uint32_t") for operand in node.operands)
            self.emit(depth, f"s->trapped = 1 | trap_at(s, {cause}, {value});")
            self.emit(depth, "return 0;")
        elif node.operation == "read_pc":
            self.declare(node, depth, "s->pc")
        elif node.operation == "synchronise":
            self.emit(depth, "s->attention = 1;")
        else:
            return super().effect(node, depth)
        return None

    def finish(self, block: Block, depth: int, jump: str | None, accesses: int) -> None:
        self.emit(depth, f"return {self.text(block.result, 'uint32_t')};" if block.result is not None else "return 0;")


def instruction_body(
    definition: Definition,
    tree: Block,
    slots: dict[str, str],
    from_last: frozenset[str] = frozenset(),
    following: str = "NEXT();",
) -> str:
    """Return the C statements of an instruction's handler; for the options see `Body`."""
    extra = "s->taken_cost" if definition.cost_class == "branch" else "0"
    body = Body(tree, slots, extra, from_last, following)
    body.block(tree, 1, None)
    return "\n".join(body.lines)


def function_body(tree: Block, parameters: dict[str, str]) -> str:
    """Return the C statements of a traced function whose operands are C parameters."""
    body = FunctionBody(tree, parameters)
    body.block(tree, 1, None)
    return "\n".join(body.lines)
