// Runs programs on the Verilated core, one after the other, each from power-on: a job comes on standard input, its
// records go to standard output, all in 32-bit words; the layout is in iss/extension/rtl/protocol.py.
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "Vneurohart_core.h"
#include "verilated.h"

namespace {

constexpr uint32_t BASE = 0x80000000u;
constexpr int RESET_CYCLES = 4;
constexpr int SEED = 1;  // of the values that registers have before reset

enum Reason : uint32_t { LIMIT, TRAP, HUNG, BUS, FINISHED, UNDEFINED, EXIT };

struct Job {
    uint32_t image_words, limit, patience, exit_address, dump_address, dump_words;
};

bool receive(void* data, size_t bytes) {
    auto* out = static_cast<char*>(data);
    while (bytes > 0) {
        const ssize_t got = read(0, out, bytes);
        if (got <= 0) return false;
        out += got;
        bytes -= static_cast<size_t>(got);
    }
    return true;
}

bool transmit(int output, const void* data, size_t bytes) {
    auto* in = static_cast<const char*>(data);
    while (bytes > 0) {
        const ssize_t sent = write(output, in, bytes);
        if (sent <= 0) return false;
        in += sent;
        bytes -= static_cast<size_t>(sent);
    }
    return true;
}

void run(const Job& job, std::vector<uint32_t>& ram, std::vector<uint32_t>& out) {
    VerilatedContext context;
    context.randReset(2);
    context.randSeed(SEED);
    const auto core = std::make_unique<Vneurohart_core>(&context);
    Reason reason = LIMIT;
    uint32_t detail = 0, retired = 0, idle = 0;
    uint64_t cycles = 0;
    core->clk = 0;
    core->number = 0;
    core->mem_ready = 0;
    core->mem_rdata = 0;
    for (int cycle = 0; retired < job.limit; ++cycle) {
        core->resetn = cycle >= RESET_CYCLES;
        core->mem_ready = 0;
        if (core->resetn && core->mem_valid) {
            const uint32_t index = (core->mem_addr - BASE) >> 2;
            if (core->mem_addr < BASE || index >= ram.size()) {
                reason = BUS;
                detail = core->mem_addr;
                break;
            }
            core->mem_ready = 1;
            core->mem_rdata = ram[index];
            uint32_t mask = 0;
            for (int byte = 0; byte < 4; ++byte)
                if (core->mem_wstrb >> byte & 1) mask |= 0xFFu << 8 * byte;
            ram[index] = (ram[index] & ~mask) | (core->mem_wdata & mask);
        }
        core->eval();
        core->clk = 1;
        core->eval();
        core->clk = 0;
        core->eval();
        if (context.gotFinish()) {
            reason = FINISHED;
            break;
        }
        if (!core->resetn) continue;
        ++cycles;
        if (core->retired) {
            const uint32_t data = core->write_mask ? core->write_data : core->read_data;
            const uint32_t masks = core->read_mask | static_cast<uint32_t>(core->write_mask) << 4;
            const uint32_t record[] = {core->pc,     core->word, core->rd, core->value,
                                       core->access, masks,      data,     core->trapped};
            out.insert(out.end(), record, record + 8);
            ++retired;
            idle = 0;
            if (core->trapped) {
                reason = TRAP;
                break;
            }
            if (core->write_mask && core->access == job.exit_address) {
                reason = EXIT;
                break;
            }
        } else if (++idle > job.patience) {
            reason = HUNG;
            detail = core->waiting ? core->waiting_word : 0;
            break;
        }
    }
    const uint32_t trailer[] = {reason, detail, core->waiting, static_cast<uint32_t>(cycles), 0, 0, 0, 0};
    out.insert(out.end(), trailer, trailer + 8);
    for (uint8_t number = 0; number < 32; ++number) {
        core->number = number;
        core->eval();
        out.push_back(core->contents);
    }
    for (uint32_t i = 0; i < job.dump_words; ++i) {
        const uint32_t index = ((job.dump_address - BASE) >> 2) + i;
        out.push_back(index < ram.size() ? ram[index] : 0);
    }
    core->final();
}

}  // namespace

int main(int argc, char** argv) {
    const int output = dup(1);
    dup2(2, 1);  // what the design prints is no record
    const size_t words = argc > 1 ? strtoul(argv[1], nullptr, 0) : 0;
    std::vector<uint32_t> ram(words), out;
    Job job;
    while (receive(&job, sizeof job)) {
        if (job.image_words > words) return 2;
        memset(ram.data(), 0, words * 4);
        if (!receive(ram.data(), job.image_words * 4)) return 2;
        out.assign(1, 0);
        run(job, ram, out);
        out[0] = static_cast<uint32_t>(out.size() - 1);
        fflush(stdout);
        if (!transmit(output, out.data(), out.size() * 4)) return 2;
    }
    return 0;
}
