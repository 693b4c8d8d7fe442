"""weights.py FILE NAME:DTYPE:SIZE,SIZE...: a .safetensors file of zeros; \\x1b in a name is an escape."""

import json
import struct
import sys

BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I16": 2, "F8_E5M2": 1}
header, end = {}, 0
for word in sys.argv[2:]:
    name, dtype, sizes = word.rsplit(":", 2)
    shape = [int(size) for size in sizes.split(",") if size]
    begin, end = end, end + BYTES[dtype]
    for size in shape:
        end = begin + (end - begin) * size
    header[name.encode().decode("unicode_escape")] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
text = json.dumps(header).encode()
with open(sys.argv[1], "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text)
    file.truncate(8 + len(text) + end)
