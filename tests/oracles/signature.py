"""Signatures of the architecture tests: the words between the symbols begin_signature and end_signature."""

from __future__ import annotations


def read_signature(text: str) -> tuple[int, ...]:
    """The words of a signature file (one word of 8 hexadecimal digits a line)."""
    return tuple(int(line, 16) for line in text.split())


def signature_text(words: tuple[int, ...]) -> str:
    """The words as a signature file."""
    return "".join(f"{word:08x}\n" for word in words)
