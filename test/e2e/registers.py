"""registers.py ASSEMBLY SUFFIX=WIDEST..: the functions of a CPU level use vector registers up to its widest, others xmm.

The functions of a level end in its name. Standard library only. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import assembly

ORDER = ["xmm", "ymm", "zmm"]
widest = dict(argument.split("=") for argument in sys.argv[2:])
seen = {}
for name, function in assembly.parse(pathlib.Path(sys.argv[1]).read_text()).items():
    level = name.rpartition(".")[2]
    text = " ".join(operands or "" for _, operands in function.instructions())
    used = max((ORDER.index(register) for register in re.findall(r"%(.mm)\d", text)), default=0)
    assert used <= ORDER.index(widest.get(level, "xmm")), f"{name} uses {ORDER[used]}"
    seen[level] = max(used, seen.get(level, 0))
for level, register in widest.items():
    assert ORDER[seen[level]] == register, f"no function of {level} uses {register}"
