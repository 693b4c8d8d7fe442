"""assembly.py - what the assembly of a compiled program says of its functions: their frames and their loops.

Takes the text of `batten build --emit=asm` (AT&T syntax, as LLVM prints it). A function is a list of blocks; a loop is
a set of blocks that reach each other, an innermost one has no other inside. Loops are found in the code that runs, so
that neither a pass nor the code generator can hide one.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import re

LABEL = re.compile(r"([\w.$]+):")
INSTRUCTION = re.compile(r"\t([a-z]\w*)(?:\t(.*?))?\s*(?:#.*)?$")
# What may change the stack pointer by an amount that the compiler knows, and what restores it.
SECTION = re.compile(r'\t(?:\.section\t"?([^",]+)|\.text$)')
FIXED_STACK = re.compile(r"(addq|subq|andq)\t\$-?\d+, %rsp|movq\t%rbp, %rsp|leaq\t-?\d*\(%rbp\), %rsp")


class Function:
    """Blocks of (mnemonic, operands), which run one after the other unless the last instruction jumps."""

    def __init__(self, name, section):
        self.name = name
        self.section = section
        self.blocks = [[]]
        self.labels = {}

    def begin(self, label):
        if self.blocks[-1]:
            self.blocks.append([])
        self.labels[label] = len(self.blocks) - 1

    def add(self, mnemonic, operands):
        self.blocks[-1].append((mnemonic, operands))
        if mnemonic.startswith("j") or mnemonic == "ud2" or mnemonic.startswith("ret"):
            self.blocks.append([])

    def instructions(self):
        return [instruction for block in self.blocks for instruction in block]

    def successors(self, number):
        mnemonic, operands = self.blocks[number][-1] if self.blocks[number] else ("", "")
        following = {number + 1} if number + 1 < len(self.blocks) else set()
        if mnemonic == "ud2" or mnemonic.startswith("ret"):
            return set()
        if not mnemonic.startswith("j"):
            return following
        assert "*" not in operands, f"{self.name}: a jump through a table"
        target = {self.labels[operands]} if operands in self.labels else set()  # elsewhere: a call in the last place
        return target if mnemonic == "jmp" else target | following

    def innermost_loops(self):
        """Each as a list of instructions."""
        edges = [self.successors(number) for number in range(len(self.blocks))]
        loops = innermost(edges, set(range(len(self.blocks))), {0})
        return [[i for number in sorted(loop) for i in self.blocks[number]] for loop in loops]

    def frame(self):
        """At most so many bytes of stack, without those of what it calls; None where a call's data decides."""
        bytes_ = 8  # the return address
        for mnemonic, operands in self.instructions():
            amount = re.match(r"\$(-?\d+), %rsp", operands or "")
            if mnemonic.startswith("push"):
                bytes_ += 8
            elif mnemonic == "subq" and amount:
                bytes_ += int(amount[1])
            elif mnemonic == "andq" and amount:
                bytes_ += -int(amount[1])
            elif (operands or "").endswith(", %rsp") and not FIXED_STACK.fullmatch(f"{mnemonic}\t{operands}"):
                return None
        return bytes_


def reachable(edges, nodes, start):
    found, pending = set(), [start]
    while pending:
        for node in edges[pending.pop()] & nodes - found:
            found.add(node)
            pending.append(node)
    return found


def innermost(edges, nodes, entries):
    """Sets of nodes: the cycles among `nodes` that hold no other. Without its head a loop is what is nested in it."""
    reach = {node: reachable(edges, nodes, node) for node in nodes}
    loops, seen = [], set()
    for node in sorted(nodes):
        if node in seen or node not in reach[node]:
            continue
        loop = {other for other in reach[node] if node in reach[other]}
        seen |= loop
        heads = {n for n in loop if n in entries or any(n in edges[m] for m in range(len(edges)) if m not in loop)}
        loops += innermost(edges, loop - heads, set()) or [loop]
    return loops


def parse(text):
    """The functions, by name."""
    functions, function, section = {}, None, ".text"
    for line in text.splitlines():
        moved = SECTION.match(line)
        section = (moved[1] or ".text") if moved else section
        label, instruction = LABEL.match(line), INSTRUCTION.match(line)
        declared = re.match(r"\t\.type\t([\w.$]+),@function", line)
        if declared:
            function = functions[declared[1]] = Function(declared[1], section)
        elif label and label[1].startswith(".Lfunc_end"):
            function = None
        elif function and label:
            function.begin(label[1])
        elif function and instruction:
            function.add(instruction[1], instruction[2] or "")
    return functions
