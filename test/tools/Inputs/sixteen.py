"""sixteen.py FOLDER: 1 .. 6 as [2, 3], as f32, f16 and bf16 of one .safetensors file, and as .npy files of 16 bits."""

import json
import pathlib
import struct
import sys

folder = pathlib.Path(sys.argv[1])
values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
single = struct.pack("<6f", *values)
half = struct.pack("<6e", *values)
brain = b"".join(single[i + 2 : i + 4] for i in range(0, len(single), 4))  # the upper half of an f32

tensors, header, end = {"x": ("F32", single), "half": ("F16", half), "brain": ("BF16", brain)}, {}, 0
for name, (dtype, data) in tensors.items():
    header[name] = {"dtype": dtype, "shape": [2, 3], "data_offsets": [end, end + len(data)]}
    end += len(data)
text = json.dumps(header).encode()
body = b"".join(data for _, data in tensors.values())
(folder / "tensors.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + body)

for name, descr, data in [("half", "<f2", half), ("brain", "<V2", brain)]:
    about = str({"descr": descr, "fortran_order": False, "shape": (2, 3)}).encode()
    about += b" " * (-(len(about) + 11) % 64) + b"\n"
    (folder / f"{name}.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(about)) + about + data)
