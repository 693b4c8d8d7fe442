"""disturbed.py BATTEN FILE: a measurement that shares its processor with another program says so, and how much it had."""

import json
import os
import subprocess
import sys

if not os.path.exists("/proc/self/schedstat"):
    sys.exit("this system does not count how long threads wait")
batten, source = sys.argv[1:]
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}) # of this process and what it starts
busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
try:
    command = [batten, "bench", source, "product", "--dim", "B=8192", "--dim", "T=4", "--seconds=1"]
    table = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    (row,) = json.loads(subprocess.run([*command, "--json"], check=True, stdout=subprocess.PIPE).stdout)["rows"]
    kernels = subprocess.run([*command, "--kernels"], check=True, stdout=subprocess.PIPE, text=True).stdout
finally:
    busy.kill()
assert "B=8192 T=4: disturbed: others had the processor " in table, table
assert 0.1 < row["waited"] <= 1, row
assert "\ndisturbed: others had the processor " in kernels, kernels
