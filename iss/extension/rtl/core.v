// PicoRV32 with the instructions' unit on its coprocessor port (PCPI) and what an observer needs: one pulse of `retired`
// per instruction with its effects, from the core's RISC-V Formal Interface (RVFI). The memory is outside: driver.cpp, bench.v.
`default_nettype none

module neurohart_core (
    input  wire        clk,
    input  wire        resetn,
    output wire        mem_valid,
    output wire        mem_instr,
    input  wire        mem_ready,
    output wire [31:0] mem_addr,
    output wire [31:0] mem_wdata,
    output wire [ 3:0] mem_wstrb,
    input  wire [31:0] mem_rdata,
    output wire        retired,
    output wire        trapped,      // the instruction trapped: the core has halted
    output wire [31:0] pc,
    output wire [31:0] word,
    output reg  [ 4:0] rd,           // 0: none
    output reg  [31:0] value,
    output wire [31:0] access,       // aligned address of its load or store
    output wire [ 3:0] read_mask,
    output wire [ 3:0] write_mask,
    output wire [31:0] read_data,
    output wire [31:0] write_data,
    output wire        waiting,      // an instruction is at the coprocessor port
    output wire [31:0] waiting_word,
    input  wire [ 4:0] number,       // of the register to look at
    output wire [31:0] contents
);
    wire        pcpi_valid, pcpi_wr, pcpi_wait, pcpi_ready;
    wire [31:0] pcpi_insn, pcpi_rs1, pcpi_rs2, pcpi_rd;
    wire [ 4:0] third = pcpi_insn[11:7];

    picorv32 #(
        .BARREL_SHIFTER(1),
        .ENABLE_PCPI(1),
        .ENABLE_FAST_MUL(1),
        .ENABLE_DIV(1),
        .CATCH_MISALIGN(1),
        .CATCH_ILLINSN(1),
        .REGS_INIT_ZERO(1),
        .PROGADDR_RESET(32'h8000_0000)
    ) cpu (
        .clk(clk),
        .resetn(resetn),
        .trap(),
        .mem_valid(mem_valid),
        .mem_instr(mem_instr),
        .mem_ready(mem_ready),
        .mem_addr(mem_addr),
        .mem_wdata(mem_wdata),
        .mem_wstrb(mem_wstrb),
        .mem_rdata(mem_rdata),
        .mem_la_read(),
        .mem_la_write(),
        .mem_la_addr(),
        .mem_la_wdata(),
        .mem_la_wstrb(),
        .pcpi_valid(pcpi_valid),
        .pcpi_insn(pcpi_insn),
        .pcpi_rs1(pcpi_rs1),
        .pcpi_rs2(pcpi_rs2),
        .pcpi_wr(pcpi_wr),
        .pcpi_rd(pcpi_rd),
        .pcpi_wait(pcpi_wait),
        .pcpi_ready(pcpi_ready),
        .irq(32'b0),
        .eoi(),
        .rvfi_valid(retired),
        .rvfi_trap(trapped),
        .rvfi_pc_rdata(pc),
        .rvfi_insn(word),
        .rvfi_mem_addr(access),
        .rvfi_mem_rmask(read_mask),
        .rvfi_mem_wmask(write_mask),
        .rvfi_mem_rdata(read_data),
        .rvfi_mem_wdata(write_data),
        .trace_valid(),
        .trace_data()
    );

    neurohart_unit unit (
        .clk(clk),
        .resetn(resetn),
        .pcpi_valid(pcpi_valid),
        .pcpi_insn(pcpi_insn),
        .pcpi_rs1(pcpi_rs1),
        .pcpi_rs2(pcpi_rs2),
        .pcpi_rs3(third == 0 ? 32'b0 : cpu.cpuregs[third]),
        .pcpi_wr(pcpi_wr),
        .pcpi_rd(pcpi_rd),
        .pcpi_wait(pcpi_wait),
        .pcpi_ready(pcpi_ready)
    );

    // The core's own rvfi_rd_addr is 0 for some words of custom-0, which are interrupt instructions in other
    // configurations of it; so the writes to the register file are noted here.
    always @(posedge clk) begin
        if (!resetn) begin
            rd <= 0;
            value <= 0;
        end else if (cpu.cpuregs_write) begin
            rd <= cpu.latched_rd;
            value <= cpu.latched_rd == 0 ? 32'b0 : cpu.cpuregs_wrdata;
        end else if (retired) begin
            rd <= 0;
            value <= 0;
        end
    end

    assign waiting = pcpi_valid;
    assign waiting_word = pcpi_insn;
    assign contents = number == 0 ? 32'b0 : cpu.cpuregs[number];
endmodule
