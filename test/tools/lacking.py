"""lacking.py BATTEN PROGRAM: `run` for CPUs of several makes either computes, or names features that /proc/cpuinfo lacks.

Standard library only.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import re
import subprocess
import sys

batten, program = sys.argv[1:]
with open("/proc/cpuinfo") as file:
    flags = {flag.replace("_", "") for line in file if line.startswith("flags") for flag in line.split()}
names = {"sse3": "pni", "lzcnt": "abm", "bmi": "bmi1", "sahf": "lahflm"}

faults, answers = [], {}
for level in ("native", "x86-64-v3", "x86-64-v4", "znver5", "sapphirerapids", "arrowlake", "diamondrapids"):
    command = [batten, "run", program, "double", "--x=iota", "--dim", "B=2", f"--target=cpu:{level}"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    answers[level] = ran.returncode
    if ran.returncode == 0:
        continue
    said = re.fullmatch(
        rf"batten: error: this machine's CPU cannot run code for {level}: it lacks (.*) \[R0005\]\n"
        r"  = help: `--target=cpu:native` runs here; `batten build` makes code for other machines\n",
        ran.stderr,
    )
    if not said:
        faults.append(f"{level}: exit {ran.returncode}: {ran.stderr}")
        continue
    for feature in said[1].split(", "):
        if names.get(feature, re.sub("[.-]", "", feature)) in flags:
            faults.append(f"{level}: this machine has {feature}")
if answers["native"] or set(answers.values()) - {0, 1}:
    faults.append(f"exit statuses {answers}")
if not any(answers.values()):
    print("this machine runs them all: no refusal was seen")
print("\n".join(faults))
sys.exit(bool(faults))
