"""The pseudo-instructions: one table of text templates, each line `pattern = instructions`.

In a pattern `rd rs rt` are registers, `offset(rs)` is a memory operand, every other name stands for an expression, CSR
or symbol. An instruction of the template may itself be a pseudo-instruction. `@` is a label at the first instruction.
Read backwards for disassembly, the first row that fits with the fewest operands wins.
The patterns are those of the GNU assembler manual and of the RISC-V assembly programmer's manual for RV32.
"""

from __future__ import annotations

TABLE = """
nop                             = addi x0, x0, 0
mv rd, rs                       = addi rd, rs, 0
move rd, rs                     = addi rd, rs, 0
not rd, rs                      = xori rd, rs, -1
neg rd, rs                      = sub rd, x0, rs
seqz rd, rs                     = sltiu rd, rs, 1
snez rd, rs                     = sltu rd, x0, rs
sltz rd, rs                     = slt rd, rs, x0
sgtz rd, rs                     = slt rd, x0, rs
sgt rd, rs, rt                  = slt rd, rt, rs
sgtu rd, rs, rt                 = sltu rd, rt, rs
sext.b rd, rs                   = slli rd, rs, 24; srai rd, rd, 24
sext.h rd, rs                   = slli rd, rs, 16; srai rd, rd, 16
zext.b rd, rs                   = andi rd, rs, 255
zext.h rd, rs                   = slli rd, rs, 16; srli rd, rd, 16

add rd, rs, imm                 = addi rd, rs, imm
and rd, rs, imm                 = andi rd, rs, imm
or rd, rs, imm                  = ori rd, rs, imm
xor rd, rs, imm                 = xori rd, rs, imm
slt rd, rs, imm                 = slti rd, rs, imm
sltu rd, rs, imm                = sltiu rd, rs, imm
sll rd, rs, imm                 = slli rd, rs, imm
srl rd, rs, imm                 = srli rd, rs, imm
sra rd, rs, imm                 = srai rd, rs, imm

beqz rs, target                 = beq rs, x0, target
bnez rs, target                 = bne rs, x0, target
blez rs, target                 = bge x0, rs, target
bgez rs, target                 = bge rs, x0, target
bltz rs, target                 = blt rs, x0, target
bgtz rs, target                 = blt x0, rs, target
bgt rs, rt, target              = blt rt, rs, target
ble rs, rt, target              = bge rt, rs, target
bgtu rs, rt, target             = bltu rt, rs, target
bleu rs, rt, target             = bgeu rt, rs, target

j target                        = jal x0, target
jal target                      = jal ra, target
jr rs                           = jalr x0, 0(rs)
jr offset(rs)                   = jalr x0, offset(rs)
jr rs, imm                      = jalr x0, imm(rs)
jalr rs                         = jalr ra, 0(rs)
jalr offset(rs)                 = jalr ra, offset(rs)
jalr rs, imm                    = jalr ra, imm(rs)
jalr rd, rs                     = jalr rd, 0(rs)
jalr rd, rs, imm                = jalr rd, imm(rs)
ret                             = jalr x0, 0(ra)
call symbol                     = auipc ra, %pcrel_hi(symbol); jalr ra, %pcrel_lo(@)(ra)
call rd, symbol                 = auipc t1, %pcrel_hi(symbol); jalr rd, %pcrel_lo(@)(t1)
tail symbol                     = auipc t1, %pcrel_hi(symbol); jalr x0, %pcrel_lo(@)(t1)
jump symbol, rt                 = auipc rt, %pcrel_hi(symbol); jalr x0, %pcrel_lo(@)(rt)

li rd, imm                      = <load constant>
la rd, symbol                   = <load address>
lla rd, symbol                  = <load address>
lb rd, symbol                   = auipc rd, %pcrel_hi(symbol); lb rd, %pcrel_lo(@)(rd)
lh rd, symbol                   = auipc rd, %pcrel_hi(symbol); lh rd, %pcrel_lo(@)(rd)
lw rd, symbol                   = auipc rd, %pcrel_hi(symbol); lw rd, %pcrel_lo(@)(rd)
lbu rd, symbol                  = auipc rd, %pcrel_hi(symbol); lbu rd, %pcrel_lo(@)(rd)
lhu rd, symbol                  = auipc rd, %pcrel_hi(symbol); lhu rd, %pcrel_lo(@)(rd)
sb rs, symbol, rt               = auipc rt, %pcrel_hi(symbol); sb rs, %pcrel_lo(@)(rt)
sh rs, symbol, rt               = auipc rt, %pcrel_hi(symbol); sh rs, %pcrel_lo(@)(rt)
sw rs, symbol, rt               = auipc rt, %pcrel_hi(symbol); sw rs, %pcrel_lo(@)(rt)

csrr rd, csr                    = csrrs rd, csr, x0
csrw csr, rs                    = csrrw x0, csr, rs
csrs csr, rs                    = csrrs x0, csr, rs
csrc csr, rs                    = csrrc x0, csr, rs
csrwi csr, imm                  = csrrwi x0, csr, imm
csrsi csr, imm                  = csrrsi x0, csr, imm
csrci csr, imm                  = csrrci x0, csr, imm
csrw csr, imm                   = csrrwi x0, csr, imm
csrs csr, imm                   = csrrsi x0, csr, imm
csrc csr, imm                   = csrrci x0, csr, imm
csrrw rd, csr, imm              = csrrwi rd, csr, imm
csrrs rd, csr, imm              = csrrsi rd, csr, imm
csrrc rd, csr, imm              = csrrci rd, csr, imm
rdcycle rd                      = csrrs rd, cycle, x0
rdtime rd                       = csrrs rd, time, x0
rdinstret rd                    = csrrs rd, instret, x0
rdcycleh rd                     = csrrs rd, cycleh, x0
rdtimeh rd                      = csrrs rd, timeh, x0
rdinstreth rd                   = csrrs rd, instreth, x0

fence                           = fence iorw, iorw
fence.tso                       = .insn i MISC_MEM, 0, x0, x0, -0x7CD
pause                           = .insn i MISC_MEM, 0, x0, x0, 0x010
unimp                           = csrrw x0, 0xC00, x0
scall                           = ecall
sbreak                          = ebreak
"""

# The branch that jumps exactly when the other does not; a far branch is its inverse over a jump.
_INVERSE_PAIRS = (("beq", "bne"), ("blt", "bge"), ("bltu", "bgeu"))
INVERSE_BRANCH = {one: other for pair in _INVERSE_PAIRS for one, other in (pair, pair[::-1])}
FAR_JUMP = "jal"

REGISTER_PARAMETERS = {"rd", "rs", "rt"}
MEMORY_PARAMETER = "offset(rs)"
LOAD_CONSTANT = "<load constant>"
LOAD_ADDRESS = "<load address>"


def entries() -> list[tuple[str, str]]:
    """Return the (pattern, template) pairs of the table."""
    rows = (row.partition(" = ") for row in TABLE.splitlines() if row.strip())
    return [(pattern.strip(), template.strip()) for pattern, _, template in rows]
