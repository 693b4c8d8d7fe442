"""loops.py FILE.s: the kernels in a program's assembly compute in vectors.

No innermost loop does floating-point arithmetic on single numbers, but for the few that a row has where a short row is one
vector and the rows are the loop. No kernel calls anything, and its stack does not grow. A conversion is no arithmetic: AVX2
has none of 64-bit integers in vectors. A contraction or convolution of floats multiplies and adds by FMA. The sums of a
tile stay in registers: its loops store hardly a vector to the stack.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import assembly

CODE = re.compile(r"\.text\.(x86-64-v\d|\w+)")  # the kernels of a level have a section of their own, nothing else is there
SCALAR = re.compile(r"v?(add|sub|mul|div|sqrt|rsqrt\w*|rcp\w*|min|max|round|rndscale|fn?m(add|sub)\d*)(ss|sd|sh)")
FMA = re.compile(r"vfn?m(add|sub)\d+p[sd]")
PER_ROW = 6  # mean, variance and what normalises
PRODUCT = re.compile(r"vfn?m(add|sub)\d+p[sd]|vpmaddwd|vpdp(bus|wss)d|vdpbf16ps")
TO_STACK = re.compile(r"%[xyz]mm\d+, -?\d*\(%rsp\)")
OF_TILE = 8  # products in a loop


def faults(function):
    if function.frame() is None:
        yield "its stack grows"
    for mnemonic, operands in function.instructions():
        if mnemonic.startswith("call") or (mnemonic.startswith("jmp") and operands not in function.labels):
            yield f"it calls {operands}"
    for loop in function.innermost_loops():
        scalars = [mnemonic for mnemonic, _ in loop if SCALAR.fullmatch(mnemonic)]
        if len(scalars) > (PER_ROW if re.search("_short[_.]", function.name) else 0):
            yield f"a loop computes single numbers: {' '.join(scalars)}"


def stored_sums(function):
    """Of each loop of a tile that keeps its sums on the stack, how many vectors it stores there."""
    for loop in function.innermost_loops():
        products = sum(1 for mnemonic, _ in loop if PRODUCT.fullmatch(mnemonic))
        stores = sum(1 for _, operands in loop if TO_STACK.fullmatch(operands))
        if products >= OF_TILE and stores > products / 4:
            yield stores


def main():
    functions = assembly.parse(pathlib.Path(sys.argv[1]).read_text())
    kernels = {name: function for name, function in functions.items() if CODE.fullmatch(function.section)}
    found = [f"{name}: {fault}" for name, function in kernels.items() for fault in faults(function)]
    for name, function in kernels.items():
        floats = re.search(r"\.(contraction|convolution)\d+(\.|$)", name) and not re.search("_integer[_.]", name)
        if floats and not any(FMA.fullmatch(mnemonic) for loop in function.innermost_loops() for mnemonic, _ in loop):
            found.append(f"{name}: no loop has a vector FMA")
        if re.search(r"\.(contraction|convolution)\d+(\.|$)", name):
            found += [f"{name}: a tile stores {stores} vectors to the stack" for stores in stored_sums(function)]
    print("\n".join(found))
    print(f"{len(kernels)} kernels, {sum(len(function.innermost_loops()) for function in kernels.values())} loops")
    return bool(found) or not kernels


sys.exit(main())
