"""broken_files.py BATTEN PROGRAM [--limit]: malformed .npy and .safetensors files, as a user of `batten run` meets them

Each is refused with status 3 by one sentence that names the file and what is wrong with it. With --limit the command
may take 64 MiB of addresses only, so that a length that lies cannot be believed before it is held against the file.
Standard library only.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import json
import os
import resource
import struct
import subprocess
import sys
import tempfile

batten, program = sys.argv[1:3]
LIMIT = 64 << 20 if "--limit" in sys.argv else resource.RLIM_INFINITY
W = {"dtype": "F32", "shape": [3], "data_offsets": [0, 12]}
B = {"dtype": "F32", "shape": [3], "data_offsets": [12, 24]}


def tensors(header, data=24, length=None):
    """A .safetensors file; `length` is what it says of its header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + bytes(data)


def array(header, data=24, version=1, length=None):
    """A .npy file; `length` is what it says of its header."""
    text = header.encode()
    said = struct.pack("<H" if version == 1 else "<I", len(text) if length is None else length)
    return b"\x93NUMPY" + bytes([version, 0]) + said + text + bytes(data)


def described(descr="'<f4'", order="False", shape="(2, 3)", more=""):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}{more}}}\n"


def but(tensor, **changes):
    return {**tensor, **changes}


GOOD = {"scale.w": W, "scale.b": B}
SAFETENSORS = {
    "empty": (b"", "has 0 bytes, too few for a .safetensors file"),
    "seven bytes": (b"\x10" + bytes(6), "has 7 bytes, too few for a .safetensors file"),
    "a header longer than the file": (
        tensors(GOOD, length=1 << 20),
        "its header is to have 1048576 bytes, but the file has only 169",
    ),
    "text": (b"these are no weights", "is not a .safetensors file: no header stands after its first 8 bytes"),
    "a zip": (b"PK\x03\x04" + bytes(60), "is a zip, as PyTorch's .pt files are: convert it by"),
    "a header of 2^63 bytes": (
        tensors(GOOD, length=1 << 63),
        "its header is to have 9223372036854775808 bytes, but the file has only 169",
    ),
    "no JSON": (tensors(b"PK\x03\x04 something else"), "the header must begin with `{`"),
    "a header that is cut off": (
        tensors(json.dumps(GOOD).encode()[:-9]),
        "tensor `scale.b`: expected a whole number, not negative",
    ),
    "data that is cut off": (
        tensors(GOOD, data=20),
        "its tensors end at byte 24 of the data, the file ends before that, at 20",
    ),
    "data too many": (
        tensors(GOOD, data=28),
        "its tensors end at byte 24 of the data, the file goes on and ends at 28",
    ),
    "a tensor beyond the end": (
        tensors({"scale.w": W, "scale.b": but(B, data_offsets=[12, 1 << 40])}),
        "tensor `scale.b`: data_offsets do not span the bytes of shape and dtype",
    ),
    "a hole": (
        tensors({"scale.w": W, "scale.b": but(B, data_offsets=[16, 28])}, data=28),
        "tensor `scale.b` begins at byte 16 of the data, after a hole that begins at 12",
    ),
    "an overlap": (
        tensors({"scale.w": W, "scale.b": but(B, data_offsets=[8, 20])}, data=20),
        "tensor `scale.b` begins at byte 8 of the data, inside the one before it, which ends at 12",
    ),
    "offsets that are no shape's": (
        tensors({"scale.w": but(W, shape=[2]), "scale.b": B}),
        "tensor `scale.w`: data_offsets do not span the bytes of shape and dtype",
    ),
    "a shape of 2^124 elements": (
        tensors({"scale.w": but(W, shape=[1 << 62, 1 << 62]), "scale.b": B}),
        "tensor `scale.w`: the shape has more than 2^63 - 1 bytes",
    ),
    "a negative size": (
        tensors({"scale.w": but(W, shape=[-3]), "scale.b": B}),
        "tensor `scale.w`: expected a whole number, not negative",
    ),
    "a dtype that nobody has": (
        tensors({"scale.w": but(W, dtype="F33"), "scale.b": B}),
        "tensor `scale.w`: an unknown dtype",
    ),
    "a name twice": (
        tensors(b'{"scale.w":%s,"scale.w":%s}' % (json.dumps(W).encode(), json.dumps(B).encode())),
        "tensor `scale.w` stands twice",
    ),
    "a key twice": (
        tensors(b'{"scale.w":{"dtype":"F32","dtype":"F32","shape":[3],"data_offsets":[0,12]}}', data=12),
        "tensor `scale.w`: a key of the tensor stands twice",
    ),
}
NPY = {
    "empty": (b"", "has 0 bytes, too few for a .npy file"),
    "another format": (b"PK\x03\x04" + bytes(60), "is no .npy file: it does not begin with \\x93NUMPY"),
    "a version to come": (array(described(), version=9), "is .npy version 9.0; read are 1.0, 2.0 and 3.0"),
    "a header longer than the file": (
        array(described(), length=60000),
        "its header is to have 60000 bytes, but the file has only 92",
    ),
    "a header of 4 GiB": (
        array(described(), version=2, length=0xFFFFFFFF),
        "its header is to have 4294967295 bytes, but the file has only 94",
    ),
    "no dict": (array("[1, 2, 3]\n"), "the header must begin with `{`"),
    "data that is cut off": (array(described(), data=20), "its header says 24 bytes of elements, the file has 20"),
    "data too many": (array(described(), data=28), "its header says 24 bytes of elements, the file has 28"),
    "a shape of terabytes": (
        array(described(shape="(1000000, 1000000)")),
        "its header says 4000000000000 bytes of elements, the file has 24",
    ),
    "a shape of 2^124 elements": (
        array(described(shape=f"({1 << 62}, {1 << 62})")),
        "its shape has more than 2^63 - 1 bytes",
    ),
    "a negative size": (array(described(shape="(-2, 3)")), "expected a whole number in shape, not negative"),
    "a key twice": (array(described(more=", 'shape': (2, 3)")), "a key stands twice"),
    "columns first": (array(described(order="True")), "is in Fortran order; save numpy.ascontiguousarray(x) instead"),
    "big-endian": (array(described(descr="'>f4'")), "is big-endian (>f4); save x.astype(x.dtype.newbyteorder('<'))"),
    "objects": (array(described(descr="'|O'")), "holds pickled Python objects, which are never read"),
}


def run(path, bytes_, arguments):
    with open(path, "wb") as file:
        file.write(bytes_)
    limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
    command = [batten, "run", program, "scaled", *arguments]
    return subprocess.run(command, capture_output=True, preexec_fn=limit, timeout=60)


def check(folder, files, suffix, code, arguments):
    faults = []
    for what, (bytes_, sentence) in files.items():
        path = os.path.join(folder, what.replace(" ", "-") + suffix)
        ran = run(path, bytes_, [argument.replace("FILE", path) for argument in arguments])
        said = ran.stderr.decode()
        is_one = said.count("\n") == 1 and said.startswith("batten: error: ") and said.endswith(code + "\n")
        if ran.returncode != 3 or not is_one or f"`{path}`" not in said or sentence not in said:
            faults.append(f"{suffix}, {what}: exit {ran.returncode}: {said}")
    return faults


with tempfile.TemporaryDirectory() as folder:
    faults = check(folder, SAFETENSORS, ".safetensors", "[E0505]", ["--x=zeros", "--dim", "B=2", "--weights=FILE"])
    with open(os.path.join(folder, "good.safetensors"), "wb") as file:
        file.write(tensors(GOOD))
    faults += check(folder, NPY, ".npy", "", ["--x=@FILE", f"--weights={folder}/good.safetensors"])
print("\n".join(faults))
sys.exit(bool(faults))
