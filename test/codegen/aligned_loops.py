"""aligned_loops.py LLVM LIBRARY: the loops that multiply and add most begin at multiples of 64 bytes, as linked.

Those are the loops without another branch inside and with at least eight FMAs on vectors; there must be some.
Standard library only. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import re
import subprocess
import sys

ALIGNMENT, FEWEST = 64, 8
INSTRUCTION = re.compile(r"\s*([0-9a-f]+):\s+(\w+)\s*(?:0x([0-9a-f]+))?")

llvm, library = sys.argv[1:]
command = [llvm + "/llvm-objdump", "-d", "--no-show-raw-insn", library]
text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
code = [(int(at, 16), mnemonic, int(target or "0", 16)) for at, mnemonic, target in INSTRUCTION.findall(text)]
places = {at: i for i, (at, *_) in enumerate(code)}
starts = []
for i, (at, mnemonic, target) in enumerate(code):
    if not mnemonic.startswith("j") or target not in places or target > at:
        continue
    body = [mnemonic for _, mnemonic, _ in code[places[target] : i]]
    if not any(m.startswith(("j", "ret")) for m in body) and sum(m.startswith("vfmadd") for m in body) >= FEWEST:
        starts.append(target)
assert starts, "there are no such loops"
elsewhere = [f"{start:x}" for start in starts if start % ALIGNMENT]
assert not elsewhere, f"of {len(starts)} loops begin elsewhere: {' '.join(elsewhere)}"
