"""layouts.py BATTEN: a program object is taken by the build that made it and refused by those that lay it out otherwise.

Every build of one source is told to make its symbols of one prefix; each is bound, and called with the objects of all.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import array
import ctypes
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from program import aligned, numbers

BATTEN = sys.argv[1]
SOURCE = pathlib.Path(__file__).resolve().parent / "Inputs/layouts.btn"
E_ABI = 15
BUILDS = [[], ["--dim", "D=33"], ["--dim", "N=41"], ["--fuse=off"], ["-O1"], ["--target=cpu:x86-64-v3"]]
faults = []


class Build:
    def __init__(self, folder, options):
        self.options = options
        path = pathlib.Path(folder) / "lib.so"
        target = [] if any("target" in option for option in options) else ["--target=cpu:native"]
        subprocess.run([BATTEN, "build", SOURCE, *target, *options, "--emit=so,manifest,header", "-o", path], check=True)
        self.flags = json.loads((path.parent / "layouts.json").read_text())["flags"]
        header = (path.parent / "layouts.h").read_text()
        bytes_ = int(re.search(r"_BYTES INT64_C\((\d+)\)", header)[1])
        self.library = ctypes.CDLL(str(path))
        self.object, self.memory = aligned(bytes_)
        self.weights = [numbers(64 * 64, 1), numbers(64 * 64, 2)]
        pointers = (ctypes.c_void_p * 2)(*[weight.buffer_info()[0] for weight in self.weights])
        bound = ctypes.c_void_p()
        arguments = ctypes.c_void_p(self.object), ctypes.c_int64(bytes_), pointers, ctypes.byref(bound), None
        assert self.library.layouts_bind(*arguments) == 0

    def call(self, program):
        """The status of a call with that object."""
        self.library.layouts_forward_workspace.restype = ctypes.c_int64
        bytes_ = self.library.layouts_forward_workspace(ctypes.c_int64(2))
        workspace, memory = aligned(bytes_)
        x, y = numbers(256, 3), array.array("f", [0.0] * 256)
        pointers = [ctypes.c_void_p(tensor.buffer_info()[0]) for tensor in (x, y)]
        behind = ctypes.c_void_p(workspace), ctypes.c_int64(bytes_), None
        result = self.library.layouts_forward(ctypes.c_void_p(program), ctypes.c_int64(2), *pointers, *behind) & 0xFF
        del memory
        return result


with tempfile.TemporaryDirectory() as folder:
    builds = []
    for number, options in enumerate(BUILDS):
        own = pathlib.Path(folder) / str(number)
        own.mkdir()
        builds.append(Build(own, options))
    for build in builds:
        for option in ("--dim D=33", "--dim N=41", "--fuse=off"):
            if (option in build.flags) != (option in " ".join(build.options)):
                faults.append(f"{build.options}: the description says {build.flags}")
        for other in builds:
            result, wanted = build.call(other.object), 0 if other is build else E_ABI
            if result != wanted:
                faults.append(f"the object of {other.options} in {build.options}: {result}, expected {wanted}")
print("\n".join(faults))
sys.exit(bool(faults))
