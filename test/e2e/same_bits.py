"""same_bits.py BATTEN FILE: every function of FILE, compiled and by the exact evaluator: the same bytes."""

import pathlib
import re
import struct
import subprocess
import sys
import tempfile

batten, source = sys.argv[1], sys.argv[2]
text = pathlib.Path(source).read_text()
folder = pathlib.Path(tempfile.mkdtemp())
weights = folder / "w.safetensors"
header = b'{"w":{"dtype":"F32","shape":[64,32],"data_offsets":[0,8192]}}'
values = [((i * 37) % 41 - 20) / 8 for i in range(2048)]
weights.write_bytes(struct.pack("<Q", len(header)) + header + struct.pack("<2048f", *values))

faults, counted = [], 0
for name, arguments, result in re.findall(r"pub fn (\w+)\(([^)]*)\) -> (\S.*) =", text):
    inputs = [f"--{a}=normal:{i}" for i, a in enumerate(re.findall(r"(\w+): ", arguments))]
    dims = [word for dim, size in (("B", 3), ("T", 5), ("D", 7), ("E", 22)) if re.search(rf"\b{dim}\b", arguments + result)
            for word in ("--dim", f"{dim}={size}")]
    counted += 1
    results = []
    for mode in ([], ["--exact"], ["--target=cpu:x86-64-v3"]):
        out = folder / "out.npy"
        command = [batten, "run", source, name, *inputs, *dims, f"--weights={weights}", *mode]
        ran = subprocess.run(command + ["-o", str(out)], stderr=subprocess.PIPE, timeout=60)
        if ran.returncode:
            faults.append(f"{name} {mode}: exit {ran.returncode}: {ran.stderr.decode()}")
        else:
            results.append(out.read_bytes())
    if len(set(results)) != 1:
        faults.append(f"{name}: compiled and exact differ")
if text.count("pub fn") != counted:
    faults.append(f"{counted} functions were read, not all")
print("\n".join(faults))
sys.exit(bool(faults))
