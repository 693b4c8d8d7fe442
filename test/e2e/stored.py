"""stored.py BATTEN LIBRARY HOST WORK: weights of halves come out of a .safetensors file, and out of one of 5 GiB.

The large file is sparse: a tensor that nobody reads, then the same weights beyond 2^32 bytes. It is bound under a limit
of 1 GiB of addresses. Results must have the bits of the exact evaluator.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import array
import json
import pathlib
import random
import resource
import struct
import subprocess
import sys

BATTEN, LIBRARY, HOST, WORK = (pathlib.Path(word).resolve() for word in sys.argv[1:])
SOURCE = pathlib.Path(__file__).resolve().parent / "Inputs" / "stored.btn"
LARGE = 5 << 30


def numbers(count):
    return [random.randrange(-200, 200) / 64 for _ in range(count)]


def weights():
    """Name to dtype, shape and bytes: bf16 is the upper half of f32."""
    bfloat = array.array("H", [struct.unpack("<I", struct.pack("<f", v))[0] >> 16 for v in numbers(111)])
    return {
        "blocks.0.bfloat": ("BF16", [37, 3], bfloat.tobytes()),
        "blocks.0.half": ("F16", [3, 37], struct.pack("<111e", *numbers(111))),
        "plain": ("F32", [3], struct.pack("<3f", *numbers(3))),
    }


def save(path, tensors, before=0):
    """`before`: bytes of a tensor that is all holes."""
    header, at = {}, before
    if before:
        header["unread"] = {"dtype": "U8", "shape": [before], "data_offsets": [0, before]}
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + before)
        file.seek(0, 2)
        for _, _, data in tensors.values():
            file.write(data)


def save_npy(path, shape, values):
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
    text += " " * (-(len(text) + 11) % 64) + "\n"
    data = array.array("f", values).tobytes()
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + data)


def bind_and_call(name):
    limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    words = [HOST, LIBRARY, WORK / f"{name}.safetensors", WORK / "x.npy", WORK / f"{name}.npy"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, preexec_fn=limit)
    same = done.returncode == 0 and (WORK / f"{name}.npy").read_bytes() == (WORK / "want.npy").read_bytes()
    print(f"{name}: {done.stdout.strip() or (done.returncode, done.stderr)}; exact bits: {same}")


def main():
    random.seed(5)
    tensors = weights()
    save_npy(WORK / "x.npy", (9, 37), numbers(9 * 37))
    save(WORK / "small.safetensors", tensors)
    command = [BATTEN, "run", SOURCE, "apply", f"--weights={WORK}/small.safetensors", f"--x=@{WORK}/x.npy"]
    subprocess.run([*command, "--exact", "-o", WORK / "want.npy"], check=True, timeout=300)
    save(WORK / "large.safetensors", tensors, LARGE)
    large = (WORK / "large.safetensors").stat()
    print("5 GiB, sparse:", large.st_size > LARGE, large.st_blocks * 512 < 1 << 20)
    bind_and_call("small")
    bind_and_call("large")
    (WORK / "large.safetensors").unlink()


main()
