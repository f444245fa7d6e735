"""Directives do what they do in GNU as."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from asm import Program

Same = Callable[..., Program]
HEAD = ".globl _start\n_start: nop\n"

DATA = {
    "numbers": ".byte 1,2,3\n.half 4,5\n.2byte 6\n.short 7\n.hword 8\n.word 9\n.long 10\n.int 11\n.4byte 12\n"
    ".dword 13\n.quad 14\n.8byte 15\n.octa 16\n.byte\n.word",
    "strings": '.ascii "a", "b"\n.asciz "c", "d"\n.string "e" "f"\n.ascii "\\n\\t\\r\\b\\f\\\\\\"\\101\\x41\\1234\\0"\n'
    '.string16 "wide"\n.string32 "wider"\n.string8 "narrow"\n.ascii ""\n.string ""\n.ascii "# not ; a // comment /* x */"',
    "utf-8": '.string "grüße, 世界"',
    "space": ".space 3\n.byte 1\n.skip 4, 0xff\n.zero 5\n.byte 2\n.fill 3\n.fill 2, 2, 0x1234\n.fill 2,3,0x12345678\n"
    ".fill 1,8,-1\n.space 5000, 7\n.byte 3",
    "org": ".byte 1\n.org 8\n.byte 2\n.org 20, 0xff\n.byte 3\nx: .org x + 8\n.byte 4\n. = . + 3\n.byte 5",
    "align": ".byte 1\n.align 2\n.byte 2\n.balign 8\n.byte 3\n.p2align 4\n.byte 4\n.balign 16, 0x55\n.byte 5\n"
    ".p2align 3, 7, 2\n.byte 6\n.balign 8, , 7\n.byte 7\n.align 0\n.balign 1\n.align",
    "align wide": ".half 1\n.balignw 8, 0x1234\n.half 1\n.p2alignw 3, 0x1234\n.word 1\n.balignl 16, 0x12345678\n.byte 9",
    "leb128": ".uleb128 0\n.uleb128 127\n.uleb128 128\n.uleb128 16384\n.sleb128 -1\n.sleb128 63\n.sleb128 64\n"
    ".sleb128 -64\n.sleb128 -65\na: .space 200\nb: .byte 1",
    "floats": ".float 1, -1.5e3, .5, 0.1, 1e-40\n.double 2.5, -1e300\n.single 3.25",
    "common": ".byte 1\n.comm a, 6\n.lcomm f, 1\n.lcomm g, 5\n"
    ".lcomm h, 2\n.lcomm i, 8\n.local j\n.comm j, 6\n.local k\n.comm k, 4, 8\n.word a",
    "bss": ".bss\n.space 3\nx: .zero 5\n.align 4\ny: .skip 100\n.word 0\n.data\n.word x, y",
    "set": ".set a, 1\n.equ b, a + 1\nc = b * 2\n.word a, b, c\n.globl c\n.type a, @object\n.size a, 4",
    "symbols": "f: .word 1\n.type f, @function\n.type f, %function\n.type f, STT_OBJECT\n.size f, . - f\n.hidden f\n"
    ".protected f\n.weak f\n.word f\n.local q\nq: .word q",
    "conditions": ".if 1\n.byte 1\n.else\n.byte 2\n.endif\n.if 0\n.byte 3\n.elseif 1\n.byte 4\n.else\n.byte 5\n.endif\n"
    ".ifdef x\n.byte 6\n.endif\n.ifndef x\n.byte 7\n.endif\nx = 1\n.ifdef x\n.byte 8\n.endif\n.ifeq 0\n.byte 9\n.endif\n"
    ".ifne 0\n.byte 10\n.endif\n.ifgt 1\n.byte 11\n.endif\n.iflt -1\n.byte 12\n.endif\n.ifge 0\n.byte 13\n.endif\n"
    ".ifle 0\n.byte 14\n.endif\n.if 0\n.if 1\n.byte 15\n.else\n.byte 16\n.endif\n.elseif 0\n.else\n.byte 17\n.endif\n"
    '.ifeqs "a", "a"\n.byte 18\n.endif\n.ifnes "a", "b"\n.byte 19\n.endif\n.ifc a b, a b\n.byte 20\n.endif\n'
    ".ifnc a, b\n.byte 21\n.endif\n.ifb\n.byte 22\n.endif\n.ifnb x\n.byte 23\n.endif\n.ifnotdef x\n.byte 24\n.endif",
    "known differences": "a: .byte 1, 2\nb:\n.if b - a == 2\n.byte 3\n.endif\n.rept b - a\n.byte 4\n.endr",
    "end": ".byte 1\n.end\n.byte 2\nnonsense here",
    "semicolons": '.byte 1; .byte 2 ; x: .byte 3;; .ascii ";"; .byte \';\n.byte 4;',
    "comments": ".byte 1 # one\n/* two */ .byte 2 /* three\n .byte 9\n*/, 3\n/* a\nb */ .byte 7 /* c\nd */ ; .byte 8\n# .byte 4\n.byte /* here */ 5\n"
    '.ascii "/*" # */\n.byte 6',
    "accepted": '.ident "x"\n.file "x.c"\n.option push\n.option norelax\n.option pop\n.option arch, +m\n'
    ".byte 1\n.cfi_sections .debug_frame",
}


@pytest.mark.parametrize("name", DATA)
def test_data(same_as_gnu: Same, name: str) -> None:
    same_as_gnu(HEAD + ".data\n" + DATA[name] + "\n")


TEXT = {
    "padding": "nop\n.align 4\nnop\n.balign 32\nnop\n.p2align 3\nret\n.align 6\nnop",
    "padding after bytes": ".byte 1\n.align 3\nnop\n.half 1\n.align 4\nnop\n.byte 1, 2, 3\n.align 5\nnop",
    "limits": "nop\n.p2align 4, , 8\nnop\n.p2align 4, , 11\nnop\n.balign 16, 0, 12\nnop",
    "data in code": 'j 1f\n.word 1, 2, 3\n.ascii "abcd"\n1: nop\n.half 5\n.half 6\nnop',
    "end of section": "nop\n.align 4\nnop",
    "subsections": ".text 2\nli a0, 2\n.text 1\nli a0, 1\n.text\nli a0, 0\n.subsection 2\nli a0, 3\n.data 1\n.byte 1\n"
    ".data 0\n.byte 2\n.text\nla a0, x\n.data 1\nx: .byte 3",
    "section stack": ".section .data\n.byte 1\n.previous\nnop\n.pushsection .rodata\n.byte 2\n.pushsection .data\n.byte 3\n"
    ".popsection\n.byte 4\n.popsection\nnop\n.previous\n.byte 9\n.pushsection .data, 1\n.byte 5\n.popsection",
    "sections": '.section .text.init, "ax"\nli a0, 1\n.section .text.z, "ax", @progbits\nli a0, 2\n.align 2\n'
    '.section .rodata.str1.4, "aMS", @progbits, 1\n.string "only once"\n.section .sdata, "aw"\n.word 1\n'
    '.section .sbss, "aw", @nobits\n.space 4\n.section .bss.x, "aw", %nobits\n.space 4\n.section .data.rel, "aw"\n.word 2\n'
    '.section .srodata, "a"\n.word 3\n.section .tohost, "aw", @progbits\n.align 6\n.globl tohost\ntohost: .dword 0\n'
    ".globl fromhost\nfromhost: .dword 0",
    "relocations": "lui a0, %hi(d)\naddi a0, a0, %lo(d)\nlw a0, %lo(d + 4)(a0)\nsw a0, %lo(d)(a1)\n"
    "1: auipc a0, %pcrel_hi(d + 2044)\naddi a0, a0, %pcrel_lo(1b)\nlw a1, %pcrel_lo(1b)(a0)\nsw a1, %pcrel_lo(1b)(a0)\n"
    "lui a1, %hi(0x12345fff)\naddi a1, a1, %lo(0x12345fff)\nlui a0, %hi(-1)\n.data\n.space 2040\nd: .word 1",
    "insn": ".insn r 0x33, 0, 0, a0, a1, a2\n.insn i 0x13, 0, a0, a1, -5\n.insn i 0x3, 2, a0, 4(a1)\n"
    ".insn s 0x23, 2, a0, -4(a1)\n.insn b 0x63, 0, a0, a1, _start\n.insn sb BRANCH, 4, a0, a1, far\n"
    ".insn u LUI, a0, 0xfffff\n.insn j 0x6f, a0, far\n.insn uj JAL, a0, _start\n.insn r4 MADD, 0, 1, a0, a1, a2, a3\n"
    ".insn r CUSTOM_0, 7, 127, a0, a1, a2\n.insn r CUSTOM_1, 0, 3, a0, a1, a2, a3\n.insn 0x13\n.insn 4, 0x7f3\n"
    ".insn i CUSTOM_3, 7, x0, x31, %lo(5)\n.insn r CUSTOM_2, 1, 2, x1, x2, x3\n.insn r OP_32, 1, 2, x1, x2, x3\n"
    ".insn i SYSTEM, 0, x0, x0, 1\n.insn s STORE_FP, 2, x1, 0(x2)\n.insn u AUIPC, x5, %hi(0x12345678)\nfar: nop",
    "li of a constant symbol": ".equ size, 0x12345\nli a0, size\nli a1, size - 0x12344\naddi a2, a2, size & 15\n"
    "lw a0, (size & 7) * 4(sp)\nslli a0, a0, size & 31",
}


@pytest.mark.parametrize("name", TEXT)
def test_text(same_as_gnu: Same, name: str) -> None:
    same_as_gnu(HEAD + TEXT[name] + "\n")


def test_include_and_incbin(same_as_gnu: Same, tmp_path: Path) -> None:
    (tmp_path / "part.inc").write_text('.word 1\n.include "inner.inc"\n')
    (tmp_path / "inner.inc").write_text("shared = 7\n.word 2\n")
    (tmp_path / "bytes.bin").write_bytes(bytes(range(100)))
    same_as_gnu(
        HEAD + '.data\n.include "part.inc"\n.word shared\n.incbin "bytes.bin"\n.incbin "bytes.bin", 90\n'
        '.incbin "bytes.bin", 10, 5\n.incbin "bytes.bin", , 3\n.byte 1\n'
    )


def test_padding_after_data_in_code_really_aligns() -> None:
    """GNU as 2.40 takes `.align 2` in code for granted and emits a misaligned instruction; here it aligns."""
    from asm import Source, assemble

    program = assemble([Source("x.s", ".byte 1\n.align 2\nnop\n")])
    assert program.binary() == bytes.fromhex("01000100 13000000") or program.binary()[4:] == bytes.fromhex("13000000")
    assert len(program.binary()) == 8
