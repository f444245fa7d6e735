"""A trace tree as z3 terms: what an instruction does to a machine of which nothing is known.

`Reading` gives values: as many low bits as are asked for, so that sums and products are no wider than what is kept of
them. What the machine held before is uninterpreted functions of `World`, the same for all instructions compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iss.errors import NeuroHartError
from iss.isa.tracing import Block, Node
from iss.isa.values import Value, interval

if TYPE_CHECKING:
    import z3
else:
    try:
        import z3
    except ModuleNotFoundError:
        z3 = None

_RING = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "add64": lambda a, b: a + b,
}
HARD = frozenset({"mul", "floordiv", "mod"})  # for z3, if both operands are unknown
COMPARISONS = frozenset({"lt", "le", "eq", "ne"})


def require_z3() -> None:
    """Raise NeuroHartError, with the cure, if the solver is not installed."""
    if z3 is None:
        raise NeuroHartError(
            "proofs need the solver z3, which is not installed; run: pip install 'neurohart[prove]' (or z3-solver)"
        )


def natural_width(value: Any) -> tuple[int, bool]:
    """Return how many bits hold every value of an interval, and whether they are to be read as signed."""
    low, high = interval(value)
    if low >= 0:
        return max(1, high.bit_length()), False
    return max((~low).bit_length(), high.bit_length() if high > 0 else 0) + 1, True


class Reading:
    """The values of one tree's nodes; `define` is told the nodes whose value is not arithmetic.

    With `abstract`, products and quotients of unknowns are unknown functions of their operands. What is proved of any
    function holds for the real ones; what is not may still be true.
    """

    def __init__(self, tree: Block, abstract: bool = False) -> None:
        self._abstract = abstract
        self._nodes: dict[int, Node] = {node.index: node for node in tree.walk()}
        self.given: dict[int, Any] = {}  # by `define`
        self._low: dict[tuple[int, int], Any] = {}

    def define(self, node: Node, term: Any) -> None:
        """Set the value of an effect: a term of the node's natural width."""
        self.given[node.index] = term

    def low(self, value: Any, bits: int) -> Any:
        """Return the low `bits` bits of a value's two's complement, however wide the value is."""
        if not isinstance(value, Value):
            return z3.BitVecVal(int(value), bits)
        key = value.index, bits
        term = self._low.get(key)
        if term is None:
            term = self._low[key] = self._compute(value, bits)
        return term

    def truth(self, value: Any) -> Any:
        """Return whether a value is not 0, as a Boolean term."""
        if not isinstance(value, Value):
            return z3.BoolVal(bool(value))
        node = self._nodes[value.index]
        if node.operation in COMPARISONS:
            return self._comparison(node)
        return self.low(value, natural_width(value)[0]) != 0

    def _compute(self, value: Value, bits: int) -> Any:
        width, is_signed = natural_width(value)
        if bits > width:
            extend = z3.SignExt if is_signed else z3.ZeroExt
            return extend(bits - width, self.low(value, width))
        given = self.given.get(value.index)
        if given is not None:
            return z3.Extract(bits - 1, 0, given) if bits < width else given
        node = self._nodes[value.index]
        operation, operands = node.operation, node.operands
        if self._abstract and is_hard(node):
            return self._unknown(operation, bits, *operands)
        if operation in _RING:
            return _RING[operation](self.low(operands[0], bits), self.low(operands[1], bits))
        if operation in COMPARISONS:
            return z3.If(self._comparison(node), z3.BitVecVal(1, bits), z3.BitVecVal(0, bits))
        return getattr(self, f"_{operation}")(bits, *operands)

    def _unknown(self, operation: str, bits: int, left: Any, right: Any) -> Any:
        """Return an unknown function of two operands; of a product, the low bits need only theirs."""
        widths = [bits if operation == "mul" else natural_width(operand)[0] for operand in (left, right)]
        terms = [self.low(operand, width) for operand, width in zip((left, right), widths, strict=True)]
        signs = "".join("s" if natural_width(operand)[1] else "u" for operand in (left, right))
        name = f"{operation}_{signs}_{bits}_{widths[0]}_{widths[1]}" if operation != "mul" else f"mul_{bits}"
        return z3.Function(name, *(term.sort() for term in terms), z3.BitVecSort(bits))(*terms)

    def _comparison(self, node: Node) -> Any:
        left, right = node.operands
        sizes = [natural_width(operand) for operand in (left, right)]
        if any(is_signed for _, is_signed in sizes):
            width = max(size if is_signed else size + 1 for size, is_signed in sizes)
            a, b = self.low(left, width), self.low(right, width)
            less, at_most = a < b, a <= b
        else:
            width = max(size for size, _ in sizes)
            a, b = self.low(left, width), self.low(right, width)
            less, at_most = z3.ULT(a, b), z3.ULE(a, b)
        return {"lt": less, "le": at_most, "eq": a == b, "ne": a != b}[node.operation]

    def _signed(self, bits: int, value: Any, kept: int) -> Any:
        return self.low(value, bits) if bits <= kept else z3.SignExt(bits - kept, self.low(value, kept))

    def _invert(self, bits: int, value: Any) -> Any:
        return ~self.low(value, bits)

    def _shl(self, bits: int, value: Any, amount: Any) -> Any:
        width = max(bits, natural_width(amount)[0])
        shifted = self.low(value, width) << self.low(amount, width)
        return z3.Extract(bits - 1, 0, shifted) if bits < width else shifted

    def _shr(self, bits: int, value: Any, amount: Any) -> Any:
        if not isinstance(amount, Value):
            return z3.Extract(int(amount) + bits - 1, int(amount), self.low(value, int(amount) + bits))
        width, is_signed = natural_width(value)
        width = max(width, natural_width(amount)[0], bits)
        a, b = self.low(value, width), self.low(amount, width)
        shifted = a >> b if is_signed else z3.LShR(a, b)
        return z3.Extract(bits - 1, 0, shifted) if bits < width else shifted

    def _abs(self, bits: int, value: Any) -> Any:
        width = natural_width(value)[0]
        negative = self.low(value, width) < 0 if natural_width(value)[1] else z3.BoolVal(False)
        term = self.low(value, bits)
        return z3.If(negative, -term, term)

    def _popcount(self, bits: int, value: Any) -> Any:
        width = natural_width(value)[0]
        term = self.low(value, width)
        size = max(bits, width.bit_length())
        total = z3.BitVecVal(0, size)
        for position in range(width):
            total = total + z3.ZeroExt(size - 1, z3.Extract(position, position, term))
        return z3.Extract(bits - 1, 0, total) if bits < size else total

    def _floordiv(self, bits: int, left: Any, right: Any) -> Any:
        a, b, signs = self._divided(bits, left, right)
        if signs is None:
            return z3.Extract(bits - 1, 0, z3.UDiv(a, b))
        return z3.Extract(bits - 1, 0, z3.If(signs, a / b - 1, a / b))

    def _mod(self, bits: int, left: Any, right: Any) -> Any:
        a, b, signs = self._divided(bits, left, right)
        if signs is None:
            return z3.Extract(bits - 1, 0, z3.URem(a, b))
        return z3.Extract(bits - 1, 0, z3.If(signs, z3.SRem(a, b) + b, z3.SRem(a, b)))

    def _divided(self, bits: int, left: Any, right: Any) -> tuple[Any, Any, Any]:
        """Return both operands at one width, and whether Python's floor differs from truncation (None: never)."""
        sizes = [natural_width(operand) for operand in (left, right)]
        if not any(is_signed for _, is_signed in sizes):
            width = max(bits, *(size for size, _ in sizes))
            return self.low(left, width), self.low(right, width), None
        width = max(bits, *(size + 1 for size, _ in sizes))
        a, b = self.low(left, width), self.low(right, width)
        return a, b, z3.And(z3.SRem(a, b) != 0, (a < 0) != (b < 0))


def is_hard(node: Node) -> bool:
    """Tell whether a node multiplies or divides unknowns."""
    return node.operation in HARD and all(isinstance(operand, Value) for operand in node.operands)


def resized(term: Any, width: int, is_signed: bool) -> Any:
    """Return a term at another width."""
    size = term.size()
    if width <= size:
        return z3.Extract(width - 1, 0, term) if width < size else term
    return (z3.SignExt if is_signed else z3.ZeroExt)(width - size, term)
