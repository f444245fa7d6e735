// Xnmspk in hardware: 33 of its register-level instructions and its user CSRs on PicoRV32's coprocessor port (PCPI).
//
// The core hands every word it does not know to this port, CSR instructions too. An answer takes one cycle; what is
// illegal (ST is Off, an unassigned code, a non-zero unused field) gets none, and the core traps. PCPI has two operands;
// instructions that read rd's old value take it from pcpi_rs3.
`default_nettype none

module xnmspk_pcpi (
    input  wire        clk,
    input  wire        resetn,
    input  wire        pcpi_valid,
    input  wire [31:0] pcpi_insn,
    input  wire [31:0] pcpi_rs1,
    input  wire [31:0] pcpi_rs2,
    input  wire [31:0] pcpi_rs3,
    output reg         pcpi_wr,
    output reg  [31:0] pcpi_rd,
    output wire        pcpi_wait,
    output reg         pcpi_ready
);
    localparam [31:0] RNG_RESET = 32'h6E6D_0001;
    localparam [6:0] CUSTOM_0 = 7'b0001011, SYSTEM = 7'b1110011;
    localparam MODE = 0, P0 = 1, P1 = 2, P2 = 3, VTH = 5, VRST = 6, SPK = 7, RNG = 8, LAST = 16;  // CSR 0x800 + n

    reg [ 2:0] ctl;  // nm_ctl: ST, ETRAP
    reg [31:0] csr [0:31];
    integer i;

    wire [6:0] opcode = pcpi_insn[6:0], funct7 = pcpi_insn[31:25];
    wire [2:0] funct3 = pcpi_insn[14:12];
    wire [4:0] rs1 = pcpi_insn[19:15], rs2 = pcpi_insn[24:20];
    wire       enabled = ctl[1:0] != 0;

    // Numbers ---------------------------------------------------------------------------------------------------------
    function signed [63:0] s32(input [31:0] x);
        s32 = {{32{x[31]}}, x};
    endfunction

    function signed [63:0] clip(input signed [63:0] x, input signed [63:0] low, input signed [63:0] high);
        clip = x < low ? low : x > high ? high : x;
    endfunction

    function signed [63:0] tz(input signed [63:0] x, input [4:0] k);
        tz = x < 0 ? -(-x >>> k) : x >>> k;
    endfunction

    function inexact(input [63:0] x, input [4:0] k);
        inexact = (x & ((64'd1 << k) - 1)) != 0;
    endfunction

    function signed [63:0] rnd(input [1:0] mode, input signed [63:0] x, input [4:0] k, input [31:0] word);
        case (inexact(x, k) ? mode : 2'd1)
            0: rnd = tz(x, k);
            1: rnd = x >>> k;
            2: rnd = (x + $signed((64'd1 << k) >> 1)) >>> k;
            3: rnd = (x + $signed({32'b0, word >> (6'd32 - {1'b0, k})})) >>> k;
        endcase
    endfunction

    function [31:0] xorshift(input [31:0] x);
        begin
            x = x ^ (x << 13);
            x = x ^ (x >> 17);
            xorshift = x ^ (x << 5);
        end
    endfunction

    function [5:0] popcount(input [31:0] x);
        integer n;
        begin
            popcount = 0;
            for (n = 0; n < 32; n = n + 1) popcount = popcount + {5'b0, x[n]};
        end
    endfunction

    function [15:0] add16(input signed [15:0] a, input signed [15:0] b);
        reg signed [16:0] sum;
        begin
            sum = a + b;
            add16 = sum > 32767 ? 16'h7FFF : sum < -32768 ? 16'h8000 : sum[15:0];
        end
    endfunction

    // The mode word and what follows from it --------------------------------------------------------------------------
    wire [31:0] mode = csr[MODE];
    wire signed [63:0] high = mode[6:5] == 0 ? 64'h7FFF_FFFF : mode[6:5] == 1 ? 64'h7F_FFFF
                            : mode[6:5] == 2 ? 64'h7FFF : 64'h7_FFFF;
    wire signed [63:0] low = mode[7] ? -high : -high - 1;
    wire signed [63:0] membrane_low = mode[10] ? 64'sd0 : low;
    wire signed [63:0] vth = s32(csr[VTH]), bias = s32(csr[P1]);
    wire        [ 4:0] ash = csr[P2][4:0];
    wire signed [63:0] ku = {51'b0, csr[P0][12:0]}, kv = {51'b0, csr[P0][28:16]};
    wire signed [63:0] a = s32(pcpi_rs1), b = s32(pcpi_rs2), input_b = b <<< ash;
    wire        [31:0] word = xorshift(csr[RNG]);

    function over(input signed [63:0] left, input signed [63:0] right, input or_equal);
        over = left > right || (or_equal && left == right);
    endfunction

    // One instruction -------------------------------------------------------------------------------------------------
    reg known, draws, pushes, spike;
    reg [31:0] result;
    reg signed [63:0] x, v, w;
    reg [5:0] n;

    task threshold(input signed [63:0] membrane);
        begin
            pushes = 1;
            spike = over(membrane, vth, mode[2]);
            v = clip(membrane - vth, membrane_low, high);
            result = !spike || mode[4:3] == 2 ? membrane[31:0] : mode[4:3] == 0 ? csr[VRST] : v[31:0];
        end
    endtask

    always @* begin
        known = 1;
        draws = 0;
        pushes = 0;
        spike = 0;
        result = 0;
        x = 0;
        v = 0;
        w = 0;
        n = 0;
        case ({funct3, funct7})
            {3'd0, 7'd0}: begin known = rs2 == 0; result = {26'b0, popcount(pcpi_rs1)}; end
            {3'd0, 7'd1}: result = {26'b0, popcount(pcpi_rs1 & pcpi_rs2)};
            {3'd0, 7'd2}: result = {25'b0, popcount(~(pcpi_rs1 ^ pcpi_rs2)), 1'b0} - 32;
            {3'd0, 7'd3}: begin known = rs2 == 0; result = {26'b0, popcount(~pcpi_rs1 & (pcpi_rs1 - 1))}; end
            {3'd0, 7'd4}: begin known = rs2 == 0; result = pcpi_rs1 & (pcpi_rs1 - 1); end
            {3'd0, 7'd5}: result = {pcpi_rs1[30:0], pcpi_rs2[0]};
            {3'd0, 7'd6}: result = {pcpi_rs1[11:0], pcpi_rs2[19:0]};
            {3'd0, 7'd7}: begin known = rs2 == 0; result = {12'b0, pcpi_rs1[19:0]}; end
            {3'd0, 7'd8}: begin known = rs2 == 0; result = {20'b0, pcpi_rs1[31:20]}; end
            {3'd1, 7'd0}: begin
                result = pcpi_rs3;
                for (i = 0; i < 4; i = i + 1)
                    if (pcpi_rs2[i]) result = result + {{24{pcpi_rs1[8*i+7]}}, pcpi_rs1[8*i+:8]};
            end
            {3'd1, 7'd1}: begin
                result = pcpi_rs3;
                for (i = 0; i < 8; i = i + 1)
                    if (pcpi_rs2[i]) result = result + {{28{pcpi_rs1[4*i+3]}}, pcpi_rs1[4*i+:4]};
            end
            {3'd1, 7'd2}: begin
                result = pcpi_rs3;
                for (i = 0; i < 16; i = i + 1)
                    if (pcpi_rs2[i]) result = result + {{30{pcpi_rs1[2*i+1]}}, pcpi_rs1[2*i+:2]};
            end
            {3'd1, 7'd3}: result = pcpi_rs3 + {26'b0, popcount(pcpi_rs1 & pcpi_rs2)}
                                 - {26'b0, popcount(~pcpi_rs1 & pcpi_rs2)};
            {3'd1, 7'd4}: begin
                result = pcpi_rs3;
                for (i = 0; i < 4; i = i + 1)
                    result = result + {{24{pcpi_rs1[8*i+7]}}, pcpi_rs1[8*i+:8]} * {{24{pcpi_rs2[8*i+7]}}, pcpi_rs2[8*i+:8]};
            end
            {3'd1, 7'd5}: result = {add16(pcpi_rs1[31:16], pcpi_rs2[31:16]), add16(pcpi_rs1[15:0], pcpi_rs2[15:0])};
            {3'd1, 7'd6}: result = {add16(pcpi_rs1[31:16], {{8{pcpi_rs2[15]}}, pcpi_rs2[15:8]}),
                                    add16(pcpi_rs1[15:0], {{8{pcpi_rs2[7]}}, pcpi_rs2[7:0]})};
            {3'd1, 7'd7}: result = {add16(pcpi_rs1[31:16], {{8{pcpi_rs2[31]}}, pcpi_rs2[31:24]}),
                                    add16(pcpi_rs1[15:0], {{8{pcpi_rs2[23]}}, pcpi_rs2[23:16]})};
            {3'd1, 7'd8}: begin
                known = rs2 == 0;
                draws = pcpi_rs1[9];
                w = {{55{pcpi_rs1[8]}}, pcpi_rs1[8:0]};
                x = w < 0 ? -w : w;
                if (!draws) result = pcpi_rs3 + w[31:0];
                else if (w == 0 || x < {56'b0, word[31:24]}) result = pcpi_rs3;
                else result = w < 0 ? pcpi_rs3 - 1 : pcpi_rs3 + 1;
            end
            {3'd2, 7'd0}: begin
                x = a * {51'b0, pcpi_rs2[12:0]};
                draws = mode[1:0] == 3 && inexact(x, 12);
                x = rnd(mode[1:0], x, 12, word);
                result = x[31:0];
            end
            {3'd2, 7'd1}: begin
                x = tz(a, pcpi_rs2[4:0]);
                if (x == 0 && a != 0) x = a < 0 ? -64'sd1 : 64'sd1;
                x = a - x;
                result = x[31:0];
            end
            {3'd2, 7'd2}: begin
                x = clip(a + input_b + bias, membrane_low, high);
                result = x[31:0];
            end
            {3'd2, 7'd3}: begin
                x = a * kv;
                draws = mode[1:0] == 3 && inexact(x, 12);
                x = rnd(mode[1:0], x, 12, word);
                threshold(clip(s32(x[31:0]) + input_b + bias, membrane_low, high));
            end
            {3'd2, 7'd4}: begin
                x = a * ku;
                draws = mode[1:0] == 3 && inexact(x, 12);
                x = rnd(mode[1:0], x, 12, word) + input_b;
                x = mode[8] ? ((x + high) & ((high <<< 1) + 1)) - high : clip(x, low, high);
                result = x[31:0];
            end
            {3'd2, 7'd5}: begin
                x = a * kv;
                draws = mode[1:0] == 3 && inexact(x, 12);
                x = clip(rnd(mode[1:0], x, 12, word) + b + bias, membrane_low, high);
                result = x[31:0];
            end
            {3'd2, 7'd6}: begin known = rs2 == 0; threshold(a); end
            {3'd2, 7'd7}: begin pushes = 1; spike = over(a, b, mode[2]); result = {31'b0, spike}; end
            {3'd3, 7'd0}: begin known = rs1 == 0 && rs2 == 0; draws = 1; result = word; end
            {3'd3, 7'd1}: begin
                known = rs2 == 0;
                n = pcpi_rs1[5:0] > 32 ? 6'd32 : pcpi_rs1[5:0];
                draws = n != 0;
                result = n != 0 ? word >> (6'd32 - n) : 0;
            end
            {3'd3, 7'd2}: begin
                draws = inexact(a, pcpi_rs2[4:0]);
                x = rnd(3, a, pcpi_rs2[4:0], word);
                result = x[31:0];
            end
            {3'd3, 7'd3}: begin x = rnd(2, a, pcpi_rs2[4:0], word); result = x[31:0]; end
            {3'd3, 7'd4}: begin x = tz(a, pcpi_rs2[4:0]); result = x[31:0]; end
            {3'd3, 7'd5}: begin
                known = rs2 == 0;
                draws = 1;
                result = {31'b0, {1'b0, word[31:16]} < pcpi_rs1[16:0]};
            end
            {3'd3, 7'd6}: begin
                n = pcpi_rs2[5:0] == 0 || pcpi_rs2[5:0] > 32 ? 6'd32 : pcpi_rs2[5:0];
                x = (64'sd1 <<< (n - 1)) - 1;
                x = clip(a, -x - 1, x);
                result = x[31:0];
            end
            default: known = 0;
        endcase
    end

    // CSR instructions ------------------------------------------------------------------------------------------------
    wire [11:0] number = pcpi_insn[31:20];
    wire is_ctl = number == 12'h7C0;
    wire is_user = number >= 12'h800 && number <= 12'h800 + LAST;
    wire [31:0] old = is_ctl ? {29'b0, ctl} : csr[number[4:0]];
    wire [31:0] operand = funct3[2] ? {27'b0, rs1} : pcpi_rs1;
    wire writes = funct3[1:0] == 1 || rs1 != 0;
    wire [31:0] raw = funct3[1:0] == 1 ? operand : funct3[1:0] == 2 ? old | operand : old & ~operand;
    reg [31:0] stored;

    always @*
        case (number)
            12'h800: stored = {21'b0, raw[10:5], raw[4], raw[3] && !raw[4], raw[2:0]};  // RST 3 stores 2
            12'h808: stored = raw == 0 ? RNG_RESET : raw;
            12'h809: stored = raw & 32'h001F_1F07;
            12'h80A, 12'h810: stored = raw & 32'h0000_FFFF;
            12'h80C: stored = raw & 32'h07FF_07FF;
            12'h80E: stored = raw & 32'h7FFF_7FFF;
            12'h80F: stored = raw & 32'h0000_7FFF;
            default: stored = raw;
        endcase

    // The port --------------------------------------------------------------------------------------------------------
    wire instruction = opcode == CUSTOM_0 && enabled && known;
    wire access = opcode == SYSTEM && funct3[1:0] != 0 && (is_ctl || (is_user && enabled));
    wire accepted = pcpi_valid && !pcpi_ready && (instruction || access);
    assign pcpi_wait = accepted;

    always @(posedge clk) begin
        pcpi_ready <= resetn && accepted;
        pcpi_wr <= resetn && accepted;
        pcpi_rd <= instruction ? result : old;
        if (!resetn) begin
            ctl <= 4;
            for (i = 0; i < 32; i = i + 1) csr[i] <= i == RNG ? RNG_RESET : 0;
        end else if (accepted && instruction) begin
            ctl[1:0] <= 3;
            if (draws) csr[RNG] <= word;
            if (pushes) csr[SPK] <= {spike, csr[SPK][31:1]};
        end else if (accepted && writes) begin
            if (is_ctl) ctl <= raw[2:0];
            else begin
                csr[number[4:0]] <= stored;
                ctl[1:0] <= 3;
            end
        end
    end
endmodule
