"""hidden_keys.py BATTEN FOLDER: keys that are hidden leave no trace in sums that were rescaled to subnormals.

Values lie near 2^-126, and a later block of keys raises the maximum, so that the sum of the earlier ones becomes
subnormal before keys are added that a mask, a length or causality hides: all of a block, all but one, or none. A level
that flushes does so as if those keys were not there, whoever else is in the batch. Standard library only.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import array
import pathlib
import random
import subprocess
import sys

batten, folder = sys.argv[1], pathlib.Path(sys.argv[2])
source = pathlib.Path(__file__).resolve().parent / "Inputs" / "hidden_keys.btn"
LEVELS = [["native"], ["native", "--threads=2"], ["x86-64-v3"]]
LEVELS += [["znver4", "--emulate"], ["sapphirerapids", "--emulate"]]
LENGTHS = [0, 1, 1024, 1025, 1026, 1100, 2048, 2049, 2050, 2051, 2111, 2115]
BLOCK, COLUMNS, MATES = 1024, {"masked": 33, "short": 33, "both": 3, "causal": 3}, 6
random.seed(11)


def save(name, sample, descr, shape, data):
    sizes = "".join(f"{size}, " for size in shape)
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes})}}".ljust(117) + "\n"
    path = folder / f"{name}{sample}.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + data)
    return f"--{name}=@{path}"


def floats(bits):
    """Of bf16, as f32, which is how .npy files hold them."""
    return array.array("I", [word << 16 for word in bits]).tobytes()


def scores(keys):
    """0 in the first block and up to 10 later, of which most keys of a block share one."""
    greatest = [0x0000, random.choice((0x0000, 0x3F00, 0x4040, 0x4120)), random.choice((0x3F00, 0x4040, 0x4120))]
    return floats(random.choice((greatest[key // BLOCK], 0x0000)) for key in range(keys))


def values(keys, columns):
    """Near the border of the subnormals in the first block, zeros of both signs and few of those later."""
    def value(key):
        tiny = random.choice((0, 1, 2, 3, 4)) << 7 | random.getrandbits(7)
        return random.getrandbits(1) << 15 | (tiny if key < BLOCK or random.random() < 0.01 else 0)
    return floats(value(key) for key in range(keys) for _ in range(columns))


def mask(queries, keys):
    """Of each block a query sees none, one at an end or some of the keys, or all."""
    def row():
        seen = []
        for begin in range(0, keys, BLOCK):
            count, kind = min(BLOCK, keys - begin), random.randrange(5)
            ends = {1: 0, 2: count - 1}
            seen += [kind == 4 or ends.get(kind) == i or kind == 3 and random.random() < 0.02 for i in range(count)]
        return seen
    return bytes(seen for _ in range(queries) for seen in row())


def inputs(function, queries, keys):
    """What each sample of a batch is given: name -> (descr, shape without the batch, data)."""
    given = {
        "q": ("<f4", (queries, 1), floats([0x3F80] * queries)),
        "k": ("<f4", (keys, 1), scores(keys)),
        "v": ("<f4", (keys, COLUMNS[function]), values(keys, COLUMNS[function])),
    }
    if function in ("masked", "both"):
        given["mask"] = ("|b1", (queries, keys), mask(queries, keys))
    if function != "masked":
        given["len"] = ("<i4", (), array.array("i", [min(random.choice(LENGTHS), keys)]).tobytes())
    return given


def run(function, samples, *options):
    """The words of the result of each sample."""
    arguments = []
    for name, (descr, shape, _) in samples[0].items():
        data = b"".join(sample[name][2] for sample in samples)
        arguments.append(save(name, "", descr, (len(samples), *shape), data))
    out = folder / "out.npy"
    subprocess.run([batten, "run", source, function, *arguments, *options, "-o", out], check=True)
    found = array.array("I", out.read_bytes()[128:])
    each = len(found) // len(samples)
    return [found[i * each:(i + 1) * each] for i in range(len(samples))]


faults, flushed = [], dict.fromkeys(COLUMNS, 0)
for function in COLUMNS:
    keys = 2050 if function == "causal" else 2115
    samples = [inputs(function, keys if function == "causal" else 13, keys) for _ in range(MATES)]
    exact = {level: run(function, samples, "--exact", f"--target=cpu:{level}")
             for level in ("native", "x86-64-v3", "znver4", "sapphirerapids")}
    flushed[function] += sum(a != b for kept, zero in zip(exact["x86-64-v3"], exact["znver4"])
                             for a, b in zip(kept, zero))
    for level, *options in LEVELS:
        if run(function, samples, f"--target=cpu:{level}", *options) != exact[level]:
            faults.append(f"{function} of {keys} keys has other bits at {level} {options}")
    for i, sample in enumerate(samples[:3]):
        if run(function, [sample], "--target=cpu:native")[0] != exact["native"][i]:
            faults.append(f"{function} of {keys} keys: sample {i} alone has other bits than in its batch")
print(f"{flushed} results depend on what becomes of subnormals")
faults += [f"only {count} of {function} do" for function, count in flushed.items() if count < 20]
print("\n".join(faults))
sys.exit(bool(faults))
