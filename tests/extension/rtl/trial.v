// A unit for tests: custom-1 with funct3 0 adds rd's old value, 1 counts its uses, 2 to 6 misbehave.
module trial #(parameter [31:0] STEP = 1) (
    input             clk, resetn,
    input             pcpi_valid,
    input      [31:0] pcpi_insn, pcpi_rs1, pcpi_rs2, pcpi_rs3,
    output reg        pcpi_wr,
    output reg [31:0] pcpi_rd,
    output            pcpi_wait,
    output reg        pcpi_ready
);
    wire      mine = pcpi_valid && pcpi_insn[6:0] == 7'b0101011 && !pcpi_ready;
    reg [31:0] count, never_written;
    integer    i;
    assign pcpi_wait = mine;

    always @(posedge clk) begin
        pcpi_wr <= 0;
        pcpi_ready <= 0;
        pcpi_rd <= 0;
        if (!resetn) count <= 0;
        else if (mine)
            case (pcpi_insn[14:12])
                0: begin pcpi_wr <= 1; pcpi_ready <= 1; pcpi_rd <= pcpi_rs3 + pcpi_rs1 - pcpi_rs2; end
                1: begin pcpi_wr <= 1; pcpi_ready <= 1; pcpi_rd <= count + STEP; count <= count + STEP; end
                2: ;  // never ready
                3: $finish;
                4: begin pcpi_wr <= 1; pcpi_ready <= 1; pcpi_rd <= never_written; end
                5: for (i = 0; i < 1; i = i + 0) count <= 0;  // for ever
                6: begin pcpi_ready <= 1; $display("@0000beef said by the design"); end
                default: ;
            endcase
    end
endmodule
