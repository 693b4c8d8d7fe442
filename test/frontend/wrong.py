"""wrong.py BATTEN FOLDER: each FOLDER/E0205.btn must be refused with exactly one error, and that code."""

import pathlib
import re
import subprocess
import sys

batten, folder = sys.argv[1], pathlib.Path(sys.argv[2])
faults = []
programs = sorted(folder.glob("*.btn"))
for program in programs:
    wanted = re.match(r"E\d{4}", program.stem).group()
    ran = subprocess.run([batten, "check", "--diag=short", str(program)], stderr=subprocess.PIPE, timeout=20)
    found = re.findall(rb": error: .*\[(E\d{4})\]", ran.stderr)
    if ran.returncode != 1 or found != [wanted.encode()]:
        faults.append(f"{program.name}: exit {ran.returncode}, errors {found}, wanted [{wanted}]")
print("\n".join(faults))
sys.exit(bool(faults) or len(programs) < 24)
