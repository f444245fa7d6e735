// The bench for Icarus Verilog: one job per process, from the file +job=, records to standard output as lines "@nh" and
// hexadecimal words; the layout is in iss/extension/rtl/protocol.py, the faster twin is driver.cpp.
`default_nettype none

module neurohart_bench;
    parameter WORDS = 65536;
    localparam [31:0] BASE = 32'h8000_0000;
    localparam RESET_CYCLES = 4;
    localparam LIMIT = 0, TRAP = 1, HUNG = 2, BUS = 3, EXIT = 6;

    reg [31:0] memory [0:WORDS-1];
    reg [8*4096-1:0] path;
    reg [31:0] image_words, limit, patience, exit_address, dump_address, dump_words, given, done, idle, cycles;
    integer file, read, i;

    reg clk = 0, resetn = 0;
    wire mem_valid, mem_instr, retired, trapped, waiting;
    wire [31:0] mem_addr, mem_wdata, pc, word, value, access, read_data, write_data, waiting_word, contents;
    wire [3:0] mem_wstrb, read_mask, write_mask;
    wire [4:0] rd;
    wire [31:0] index = (mem_addr - BASE) >> 2;
    wire mapped = mem_addr >= BASE && index < WORDS;

    neurohart_core core (
        .clk(clk), .resetn(resetn),
        .mem_valid(mem_valid), .mem_instr(mem_instr), .mem_ready(mem_valid && mapped), .mem_addr(mem_addr),
        .mem_wdata(mem_wdata), .mem_wstrb(mem_wstrb), .mem_rdata(memory[index]),
        .retired(retired), .trapped(trapped), .pc(pc), .word(word), .rd(rd), .value(value), .access(access),
        .read_mask(read_mask), .write_mask(write_mask), .read_data(read_data), .write_data(write_data),
        .waiting(waiting), .waiting_word(waiting_word), .number(5'd0), .contents(contents)
    );

    always @(posedge clk)
        if (resetn && mem_valid && mapped) begin
            if (mem_wstrb[0]) memory[index][7:0] <= mem_wdata[7:0];
            if (mem_wstrb[1]) memory[index][15:8] <= mem_wdata[15:8];
            if (mem_wstrb[2]) memory[index][23:16] <= mem_wdata[23:16];
            if (mem_wstrb[3]) memory[index][31:24] <= mem_wdata[31:24];
        end

    task finish(input [31:0] reason, input [31:0] detail);
        begin
            $display("@nh %h %h %h %h 0 0 0 0", reason, detail, {31'b0, waiting}, cycles);
            for (i = 0; i < 32; i = i + 1) $display("@nh %h", i == 0 ? 32'b0 : core.cpu.cpuregs[i]);
            for (i = 0; i < dump_words; i = i + 1) $display("@nh %h", memory[((dump_address - BASE) >> 2) + i]);
            $display("@nh end");
            $finish(0);
        end
    endtask

    always @(negedge clk)
        if (resetn) begin
            cycles = cycles + 1;
            if (retired) begin
                $display("@nh %h %h %h %h %h %h %h %h", pc, word, {27'b0, rd}, value, access, {24'b0, write_mask, read_mask},
                         write_mask ? write_data : read_data, {31'b0, trapped});
                done = done + 1;
                idle = 0;
            end else
                idle = idle + 1;
            if (retired && trapped) finish(TRAP, 0);
            else if (retired && write_mask && access == exit_address) finish(EXIT, 0);
            else if (done == limit) finish(LIMIT, 0);
            else if (mem_valid && !mapped) finish(BUS, mem_addr);
            else if (idle > patience) finish(HUNG, waiting ? waiting_word : 32'b0);
        end

    initial begin
        for (i = 0; i < WORDS; i = i + 1) memory[i] = 0;
        read = $value$plusargs("job=%s", path);
        file = $fopen(path, "r");
        read = $fscanf(file, "%h %h %h %h %h %h", image_words, limit, patience, exit_address, dump_address, dump_words);
        for (i = 0; i < image_words; i = i + 1) begin
            read = $fscanf(file, "%h", given);
            memory[i] = given;
        end
        $fclose(file);
        done = 0;
        idle = 0;
        cycles = 0;
        repeat (2 * RESET_CYCLES) #5 clk = !clk;
        resetn = 1;
        forever #5 clk = !clk;
    end
endmodule
