"""Xbits in Python, on the digits of the binary number."""


def bits_count(hart, insn):
    hart.x[insn.rd] = bin(hart.x[insn.rs1]).count("1")


def bits_lead(hart, insn):
    hart.x[insn.rd] = 32 - hart.x[insn.rs1].bit_length()


def bits_reverse(hart, insn):
    digits = f"{hart.x[insn.rs1]:032b}"
    hart.x[insn.rd] = int("".join(digits[byte : byte + 8][::-1] for byte in range(0, 32, 8)), 2)


def bits_field(hart, insn):
    where = hart.x[insn.rs2]
    low, width = where % 32, where // 32 % 32 + 1
    digits = f"{hart.x[insn.rs1] >> low:032b}"[32 - width :]
    hart.x[insn.rd] = int(digits, 2) - (int(digits[0]) << width)
