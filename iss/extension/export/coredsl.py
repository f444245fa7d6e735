"""An extension in CoreDSL 2, the language of Longnail, Seal5 and ETISS."""

from __future__ import annotations

from typing import Any

from iss.extension.extension import Extension
from iss.extension.notation import ATOM, Inexpressible, PseudoCode
from iss.isa.definitions import Definition
from iss.isa.intrinsics import c_name
from iss.isa.tracing import Block, Node
from iss.isa.values import interval

_HELPERS = {
    "ones": """\
        unsigned<7> ones(unsigned<64> value) {
            unsigned<7> number = 0;
            for (unsigned<7> bit = 0; bit < 64; bit += 1) {
                number = (unsigned<7>)(number + ((value >> bit) & 1));
            }
            return number;
        }
""",
    "magnitude": """\
        unsigned<64> magnitude(signed<64> value) {
            return (unsigned<64>)(value < 0 ? -value : value);
        }
""",
    "floor_divide": """\
        signed<64> floor_divide(signed<64> a, signed<64> b) {
            signed<64> quotient = (signed<64>)(a / b);
            return (signed<64>)(a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient);
        }
""",
    "floor_modulo": """\
        signed<64> floor_modulo(signed<64> a, signed<64> b) {
            signed<64> remainder = (signed<64>)(a % b);
            return (signed<64>)(remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder);
        }
""",
}
# CoreDSL's operators bind as those of C.
_PRECEDENCE = {"*": 8, "+": 7, "-": 7, "<": 5, "<=": 5, "==": 4, "!=": 4, "&": 3, "^": 2, "|": 1}


def width(low: int, high: int) -> str:
    """Return the narrowest type that holds an interval."""
    if low >= 0:
        return f"unsigned<{max(1, high.bit_length())}>"
    return f"signed<{max((~low).bit_length(), high.bit_length()) + 1}>"


class _Behavior(PseudoCode):
    """Statements of CoreDSL, whose sums and products are as wide as they need."""

    def __init__(self, tree: Block, definition: Definition) -> None:
        super().__init__(tree)
        self.operators = {key: sign for key, sign in self.operators.items() if sign in _PRECEDENCE}
        self.precedence = _PRECEDENCE
        self.fields = definition.encoding.fields
        self.helpers: set[str] = set()

    def operand(self, name: str) -> str:
        return f"(signed<{self.fields[name].width}>){name}" if self.fields[name].signed else name

    def register(self, number: str) -> str:
        return f"X[{number}]"

    def state(self, node: Node) -> str:
        field = node.static
        return f"{field.name}[{self.text(node.operands[0])}]" if field.count > 1 else str(field.name)

    def signed(self, text: str, bits: int) -> str:
        return f"(signed<{bits}>)({text})"

    def load(self, node: Node) -> str:
        return self._memory(node)

    def call(self, name: str, *arguments: str) -> str:
        known = {"ones": "ones", "abs": "magnitude"}.get(name)
        if known is None:
            raise Inexpressible(name)
        self.helpers.add(known)
        return f"{known}({', '.join(arguments)})"

    def _memory(self, node: Node) -> str:
        address = f"(unsigned<32>)({self.text(node.operands[0])})"
        return f"MEM[{address}]" if node.static == 1 else f"MEM[{address} + {node.static - 1}:{address}]"

    def declare(self, name: str, text: str, node: Node) -> str:
        kind = width(node.low, node.high)
        return f"{kind} {name} = ({kind})({text});"

    def write_register(self, node: Node) -> str:
        number = self.text(node.operands[0])
        return f"if ({number} != 0) {self.register(number)} = (unsigned<32>)({self.text(node.operands[1])});"

    def write_state(self, node: Node) -> str:
        kind = f"{'signed' if node.static.signed else 'unsigned'}<{node.static.bits}>"
        return f"{self.state(node)} = ({kind})({self.text(node.operands[1])});"

    def store(self, node: Node) -> str:
        return f"{self._memory(node)} = (unsigned<{8 * node.static}>)({self.text(node.operands[1])});"

    def effect(self, node: Node) -> str:
        match node.operation:
            case "jump":
                return f"PC = (unsigned<32>)({self.text(node.operands[0])});"
            case "trap":
                return f"raise(0, {self.text(node.operands[0])});"
            case "elapse":
                return f"// costs {self.text(node.operands[0])} cycles more"
            case "write_csr":
                return f"CSR[{self.text(node.operands[0])}] = (unsigned<32>)({self.text(node.operands[1])});"
        raise Inexpressible(node.operation)

    def expression(self, node: Node) -> tuple[str, int]:
        operation, operands = node.operation, node.operands
        kind = width(node.low, node.high)
        match operation:
            case "shl":
                return f"(({kind})({self.text(operands[0])}) << {self.text(operands[1], 8)})", ATOM
            case "shr":
                own = width(*interval(operands[0]))
                return f"(({own})({self.text(operands[0])}) >> {self.text(operands[1], 8)})", ATOM
            case "floordiv" | "mod":
                return self._divide(operation, *operands), ATOM
            case "read_pc":
                return "PC", ATOM
            case "read_csr":
                return f"CSR[{self.text(operands[0])}]", ATOM
            case "read_field" if node.static == "instruction_word":
                return "0", ATOM  # only traps have it, and raise() does not take it
            case "read_field" | "unit_read" | "add64":
                raise Inexpressible(operation)
        return super().expression(node)

    def _divide(self, operation: str, left: Any, right: Any) -> str:
        if interval(left)[0] >= 0 and interval(right)[0] >= 0:
            return f"({self.text(left, 8)} {'/' if operation == 'floordiv' else '%'} {self.text(right, 8)})"
        helper = "floor_divide" if operation == "floordiv" else "floor_modulo"
        self.helpers.add(helper)
        return f"{helper}({self.text(left)}, {self.text(right)})"

    def branch(self, condition: str, depth: int, block: Block) -> None:
        assert block.then is not None and block.otherwise is not None
        self.emit(depth, f"if ({condition}) {{")
        self.block(block.then, depth + 1)
        if self._says_something(block.otherwise):
            self.emit(depth, "} else {")
            self.block(block.otherwise, depth + 1)
        self.emit(depth, "}")

    def nothing(self) -> str:
        return "// nothing"


def description(extension: Extension) -> str:
    """The text of the file."""
    helpers: set[str] = set()
    instructions = "\n".join(_instruction(definition, helpers) for definition in extension.instructions)
    states = "".join(
        f"        register {'signed' if state.signed else 'unsigned'}<{state.bits}> {state.name}"
        f"{f'[{state.count}]' if state.count > 1 else ''}"
        f"{f' = {state.reset}' if state.reset and state.count == 1 else ''};"
        f" // {state.documentation}{f', {state.reset} at reset' if state.reset and state.count > 1 else ''}\n"
        for state in extension.states.values()
    )
    functions = "".join(_HELPERS[name] for name in sorted(helpers))
    parts = [
        f"// {extension.title}, version {extension.version}; written by `neurohart ext export`, do not edit.\n"
        'import "RV32I.core_desc"\n\n'
        f"InstructionSet {extension.name.capitalize()} extends RV32I {{\n",
        f"    architectural_state {{\n{states}    }}\n\n" if states else "",
        f"    functions {{\n{functions}    }}\n\n" if functions else "",
        f"    instructions {{\n{instructions}    }}\n}}\n",
    ]
    return "".join(parts)


def _instruction(definition: Definition, helpers: set[str]) -> str:
    behavior = _Behavior(definition.trace(), definition)
    try:
        lines = behavior.print().splitlines()
        helpers |= behavior.helpers
    except Inexpressible as error:
        lines = [f"// CoreDSL has no {error}: the behaviour is left out"]
    body = "".join(f"                {line}\n" for line in lines if line)
    return (
        f"        // {definition.documentation}\n"
        f"        {c_name(definition.mnemonic).upper()} {{\n"
        f"            encoding: {' :: '.join(_encoding(definition))};\n"
        f'            assembly: {{"{definition.mnemonic}", "{_assembly(definition)}"}};\n'
        f"            behavior: {{\n{body}            }}\n        }}\n"
    )


def _encoding(definition: Definition) -> list[str]:
    parts = []
    for group in definition.encoding.pattern.split():
        if set(group) <= {"0", "1"}:
            parts.append(f"{len(group)}'b{group}")
            continue
        name, _, slices = group.partition("[")
        for part in (slices.rstrip("]") or "4:0").split("|"):
            high, _, low = part.partition(":")
            parts.append(f"{name}[{high}:{low or high}]")
    return parts


def _assembly(definition: Definition) -> str:
    texts = []
    for operand in definition.syntax.operands:
        text = f"{{name({operand.field})}}" if operand.kind == "register" else f"{{{operand.field}}}"
        texts.append(f"{text}({{name({operand.base})}})" if operand.base else text)
    return ", ".join(texts)
