"""Xwqx in Python, one synapse after the other."""


def bits(word):
    return [word >> number & 1 for number in range(32)]


def wqx_input(hart, insn):
    hart.x[insn.rd] = sum(one * two for one, two in zip(bits(hart.x[insn.rs1]), bits(hart.x[insn.rs2]), strict=True))


def wqx_neuron(hart, insn):
    v = max(0, hart.x[insn.rs1] % 65536 + hart.x[insn.rs2] % 64 - hart.state.leak)
    spike = v >= hart.state.vth
    hart.state.spikes = hart.state.spikes * 2 + spike
    hart.x[insn.rd] = 0 if spike else v


def wqx_learn(hart, insn):
    synapses, inputs = bits(hart.x[insn.rs1]), bits(hart.x[insn.rs2])
    if hart.state.learning and hart.state.spikes % 2:
        noise = hart.state.random
        for left, right in ((13, 0), (0, 17), (5, 0)):
            noise = (noise ^ noise << left if left else noise ^ noise >> right) % 2**32
        hart.state.random = noise
        random = bits(noise)
        for number in range(32):
            if inputs[number]:
                synapses[number] = 1
            elif random[number] and random[(number + 7) % 32]:
                synapses[number] = 0
    hart.x[insn.rd] = sum(bit << number for number, bit in enumerate(synapses))
