"""From an instruction statement to words: the operand texts are read as the definition's syntax says."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, TypeAlias

from asm.errors import StatementError
from asm.expressions import Expression, Reference, constant
from asm.forms import Pseudo, TemplateOperand, memory_base, shape_of, written_form
from asm.fragments import Branch, InstructionFixup, Word
from asm.pseudo import LOAD_CONSTANT
from asm.symbols import Place
from iss.builtin import extensions
from iss.isa.definitions import Definition
from iss.isa.encoding import Encoding, Field
from iss.isa.registers import NUMBER
from iss.isa.syntax import FENCE_LETTERS, Operand

if TYPE_CHECKING:
    from asm.assembler import Assembler

OperandText: TypeAlias = tuple[str, int]
Pending: TypeAlias = tuple[str, str, Expression, int]  # field, modifier, expression, column

_MODIFIER = re.compile(r"%([A-Za-z_][\w.]*)\s*\(")
_UPPER_MODIFIERS: Final = ("hi", "pcrel_hi")
_LOWER_MODIFIERS: Final = ("lo", "pcrel_lo")
_NEGATIVE_32: Final = range(0x8000_0000, 0x1_0000_0000)


def assemble_instruction(assembler: Assembler, mnemonic: str, operands: list[OperandText], column: int) -> None:
    """Assemble one instruction or pseudo-instruction. Raises StatementError."""
    forms = assembler.forms.of(mnemonic)
    if forms is None:
        raise StatementError(_unknown_mnemonic(assembler, mnemonic), column)
    shape = "".join([shape_of(text) for text, _ in operands])
    form = forms.get(shape)
    if form is None:
        raise _wrong_operands(
            mnemonic,
            [*forms],
            [written_form(form) for form in forms.values()],
            operands,
            column,
        )
    if isinstance(form, Pseudo):
        _expand(assembler, form, operands, column)
    else:
        emit(assembler, form, operands, column)


def emit(
    assembler: Assembler,
    definition: Definition,
    operands: list[OperandText],
    column: int,
) -> None:
    """Read the operands of a definition and emit its word, with a fixup or branch fragment for what is not known."""
    encoding = definition.encoding
    values: dict[str, int] = {}
    pending: Pending | None = None
    for operand, (text, at) in zip(definition.syntax.operands, operands, strict=True):
        later = read_operand(assembler, encoding, operand, text, at, values)
        if later is not None:
            pending = later
    if pending is None:
        assembler.emit_instruction(Word(encoding, values).encode())
        return
    field, modifier, expression, at = pending
    word = Word(encoding, values, field)
    if modifier == "target":
        inverse, jump = assembler.forms.inverse(definition), jump_word(assembler)
        if inverse is not None and jump is not None and assembler.session.relax_branches:
            emit_branch(
                assembler,
                word,
                Word(inverse.encoding, values, field),
                jump,
                expression,
                at,
            )
            return
    emit_pending(assembler, word, pending)


def emit_pending(assembler: Assembler, word: Word, pending: Pending) -> None:
    """Emit a word whose last operand is filled in by a fixup."""
    _, modifier, expression, at = pending
    assembler.emit_instruction(
        word.encoding.encode(**word.operands).to_bytes(word.encoding.width // 8, "little"),
        lambda offset, place: InstructionFixup(offset, word, modifier, expression, Place(place.line, at)),
    )


def emit_branch(
    assembler: Assembler,
    word: Word,
    inverse: Word,
    jump: Word,
    target: Expression,
    column: int,
) -> None:
    """Emit a conditional branch; one back to a label a known, short way off needs no relaxation."""
    if isinstance(target, Reference) and target.symbol.label is not None and target.symbol.binding != "weak":
        fragment, offset = assembler.here()
        label = target.symbol.label
        if label.fragment.origin is fragment.origin and label.section is assembler.section:
            distance = label.fragment.from_origin + label.offset - fragment.from_origin - offset
            field = word.encoding.fields[word.field]
            if field.minimum <= distance and distance % (1 << field.low) == 0:
                assembler.emit_instruction(word.encode(distance))
                return
    assembler.emit_fragment(Branch(word, inverse, jump, target, Place(assembler.line, column)), code=True)


def jump_word(assembler: Assembler) -> Word | None:
    """Return the jump that a far branch is made of, its target still missing."""
    jump = assembler.forms.far_jump
    if jump is None:
        return None
    (target,) = (operand.field for operand in jump.syntax.operands if operand.kind == "target")
    return Word(jump.encoding, {}, target)


def read_operand(
    assembler: Assembler,
    encoding: Encoding,
    operand: Operand,
    text: str,
    column: int,
    values: dict[str, int],
) -> Pending | None:
    """Put what is known of an operand into `values`; return what has to wait for addresses."""
    field = encoding.fields[operand.field]
    match operand.kind:
        case "register":
            values[operand.field] = NUMBER[text]
            return None
        case "csr":
            number = assembler.csr_numbers.get(text)
            if number is None:
                number = _csr_number(assembler, field, text, column)
            values[operand.field] = number
            return None
        case "fence_set":
            values[operand.field] = _fence_set(assembler, field, text, column)
            return None
        case "target":
            return operand.field, "target", assembler.expression(text, column), column
        case "memory":
            start = memory_base(text)
            assert operand.base is not None and start is not None
            values[operand.base] = NUMBER[text[start + 1 : -1].strip()]
            text = text[:start].rstrip()
            if not text:
                values[operand.field] = 0
                return None
    shift = operand.shift
    allowed = _UPPER_MODIFIERS if shift else _LOWER_MODIFIERS
    modifier, expression, column = _modified(assembler, text, column, allowed)
    known = constant(expression)
    if known is None or modifier.startswith("pcrel"):
        return (
            operand.field,
            modifier or ("upper" if shift else "absolute"),
            expression,
            column,
        )
    if modifier:
        known = apply_modifier(modifier, known)
    values[operand.field] = fit(field, known, shift, column)
    return None


def apply_modifier(modifier: str, value: int) -> int:
    """Return `%hi` (20 bits) or `%lo` (signed 12 bits) of a value (psABI, "Absolute addresses")."""
    low = ((value & 0xFFF) ^ 0x800) - 0x800
    return low if modifier == "lo" else (value - low) >> 12 & 0xF_FFFF


def fit(field: Field, value: int, shift: int, column: int | None) -> int:
    """Return `value` as the field holds it; StatementError gives the range. Upper immediates are shifted into place."""
    if shift:
        size = 1 << (field.width - shift)
        if not -size // 2 <= value < size:
            raise StatementError(
                f"immediate {value} is out of range 0..{size - 1} ({size - 1:#x})",
                column,
            )
        return ((value + size // 2) % size - size // 2) << shift
    if field.signed and value in _NEGATIVE_32:
        value -= 0x1_0000_0000
    if not field.minimum <= value <= field.maximum:
        raise StatementError(
            f"immediate {value} is out of range {field.minimum}..{field.maximum}",
            column,
        )
    if value & ((1 << field.low) - 1):
        raise StatementError(f"immediate {value} is not a multiple of {1 << field.low}", column)
    return value


def _modified(assembler: Assembler, text: str, column: int, allowed: tuple[str, ...]) -> tuple[str, Expression, int]:
    """Read `%modifier(expression)` or a plain expression; return the modifier, the expression and its column."""
    if not text.startswith("%"):
        return "", assembler.expression(text, column), column
    found = _MODIFIER.match(text)
    if found is None or found[1] not in allowed:
        name = found[0].rstrip("( \t") if found else text
        choices = " or ".join(f"%{modifier}(...)" for modifier in allowed)
        raise StatementError(f"{name} cannot be used here, expected a number or {choices}", column)
    if not text.endswith(")"):
        raise StatementError(f"expected ) to close %{found[1]}(", column)
    column += found.end()
    return found[1], assembler.expression(text[found.end() : -1], column), column


def _csr_number(assembler: Assembler, field: Field, text: str, column: int) -> int:
    if re.fullmatch(r"[A-Za-z_]\w*", text) and not assembler.is_defined(text):
        close = get_close_matches(text.lower(), assembler.csr_numbers, 1)
        hint = f'; did you mean "{close[0]}"?' if close else f" (a CSR name or a number 0..{field.maximum:#x})"
        raise StatementError(f'unknown CSR "{text}"{hint}', column)
    number = constant(assembler.expression(text, column))
    if number is None:
        raise StatementError("a CSR number must be known at this point", column)
    if not field.minimum <= number <= field.maximum:
        raise StatementError(
            f"CSR number {number} is out of range 0..{field.maximum} ({field.maximum:#x})",
            column,
        )
    return number


def _fence_set(assembler: Assembler, field: Field, text: str, column: int) -> int:
    letters = "".join(letter for letter in FENCE_LETTERS if letter in text)
    if letters and letters == text:
        return sum(1 << FENCE_LETTERS[::-1].index(letter) for letter in letters)
    if text[:1].isdigit():
        return fit(field, constant(assembler.expression(text, column)) or 0, 0, column)
    raise StatementError(
        f'"{text}" is not a fence set, expected letters of "{FENCE_LETTERS}" in this order',
        column,
    )


def _expand(assembler: Assembler, form: Pseudo, operands: list[OperandText], column: int) -> None:
    if form.computed:
        if form.computed == LOAD_CONSTANT:
            _load_constant(assembler, operands, column)
        else:
            _load_address(assembler, operands, column)
        return
    label = assembler.anonymous_label() if form.labelled else ""
    for statement in form.statements:
        texts = [_fill(operand, operands, label, column) for operand in statement.operands]
        if statement.mnemonic.startswith("."):
            assembler.directive(statement.mnemonic, ", ".join([text for text, _ in texts]), column)
        else:
            assemble_instruction(assembler, statement.mnemonic, texts, column)


def _fill(template: TemplateOperand, operands: list[OperandText], label: str, column: int) -> OperandText:
    """Return a template operand with the parameters' texts; its column is such that the first parameter's is right."""
    parts = [operands[piece][0] if isinstance(piece, int) else piece.replace("@", label) for piece in template.pieces]
    first = next((piece for piece in template.pieces if isinstance(piece, int)), None)
    return "".join(parts), column if first is None else operands[first][1] - template.offset


def _load_constant(assembler: Assembler, operands: list[OperandText], column: int) -> None:
    """`li`: addi if the constant fits it, else lui and, for a low part, addi (as GNU as for RV32)."""
    (register, at), (text, value_at) = operands
    value = constant(assembler.expression(text, value_at))
    if value is None:
        raise StatementError("li needs a number known at this point; use la to load an address", value_at)
    if not -0x8000_0000 <= value <= 0xFFFF_FFFF:
        raise StatementError(f"{value} does not fit in 32 bits (-0x80000000..0xffffffff)", value_at)
    value = (value + 0x8000_0000) % 0x1_0000_0000 - 0x8000_0000
    low = apply_modifier("lo", value)
    if low == value:
        assemble_instruction(
            assembler,
            "addi",
            [(register, at), ("x0", column), (str(value), value_at)],
            column,
        )
        return
    upper = str(apply_modifier("hi", value))
    assemble_instruction(assembler, "lui", [(register, at), (upper, value_at)], column)
    if low:
        assemble_instruction(
            assembler,
            "addi",
            [(register, at), (register, at), (str(low), value_at)],
            column,
        )


def _load_address(assembler: Assembler, operands: list[OperandText], column: int) -> None:
    """`la`: relative to pc, or as `li` if the address is a plain number."""
    (register, at), (text, value_at) = operands
    if constant(assembler.expression(text, value_at)) is not None:
        _load_constant(assembler, operands, column)
        return
    label = assembler.anonymous_label()
    prefix = "%pcrel_hi("
    symbol = (f"{prefix}{text})", value_at - len(prefix))
    assemble_instruction(assembler, "auipc", [(register, at), symbol], column)
    low = (f"%pcrel_lo({label})", value_at)
    assemble_instruction(assembler, "addi", [(register, at), (register, at), low], column)


def _unknown_mnemonic(assembler: Assembler, mnemonic: str) -> str:
    architecture = assembler.session.architecture
    for extension in extensions().values():
        if extension.instructions is not None and mnemonic.lower() in extension.instructions.by_mnemonic:
            belongs = f'"{mnemonic}" belongs to extension {extension.name}'
            return f"{belongs}, which {architecture.isa} lacks; choose an ISA with it"
    close = get_close_matches(mnemonic.lower(), assembler.known_names(), 1, 0.6)
    hint = f'; did you mean "{close[0]}"?' if close else ", expected an instruction, macro or directive"
    return f'unknown mnemonic "{mnemonic}"{hint}'


def _wrong_operands(
    mnemonic: str,
    shapes: list[str],
    forms: list[str],
    operands: list[OperandText],
    column: int,
) -> StatementError:
    """Say what is wrong with the operands, as closely as the nearest form allows."""
    expected = " or ".join(f'"{form}"' for form in forms[:4])
    counts = sorted({len(shape) for shape in shapes})
    if len(operands) not in counts:
        wanted = " or ".join(map(str, counts)) if counts != [0] else "no"
        plural = "" if counts == [1] else "s"
        message = f'"{mnemonic}" takes {wanted} operand{plural}, found {len(operands)}; expected {expected}'
        return StatementError(message, column)
    given = "".join(shape_of(text) for text, _ in operands)
    same = [shape for shape in shapes if len(shape) == len(operands)]
    best = max(same, key=lambda shape: sum(a == b for a, b in zip(shape, given, strict=True)))
    index = next(i for i, (a, b) in enumerate(zip(best, given, strict=True)) if a != b)
    text, at = operands[index]
    wanted = {
        "r": "a register",
        "m": "a memory operand such as 0(a0)",
        "e": "a number or symbol",
    }[best[index]]
    hint = ""
    if not text:
        return StatementError(f"operand {index + 1} is empty, expected {expected}", at)
    if best[index] == "r" and given[index] == "e":
        close = get_close_matches(text.lower(), NUMBER, 1, 0.5)
        hint = f'; did you mean "{close[0]}"?' if close else ""
        return StatementError(f'"{text}" is not a register, expected {expected}{hint}', at)
    return StatementError(f'"{text}" is not {wanted}, expected {expected}{hint}', at)
