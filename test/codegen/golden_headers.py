"""golden_headers.py BATTEN: the headers of the examples are literally those of the interface.

Inputs/interface holds the headers that define the C interface: what they declare, a generated header declares in the
same words. Their comments and the program's size are examples, and what a further thread needs they leave out.
Inputs/NAME.h is a whole generated header, comments
included, but for the source's hash and the size. The one whose gradients are not compiled yet is passed over.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import difflib
import pathlib
import re
import subprocess
import sys

INPUTS = pathlib.Path(__file__).resolve().parent / "Inputs"
EXAMPLES = INPUTS.parent.parent.parent / "examples"


def masked(text):
    text = re.sub(r"source hash [0-9a-f]+", "source hash HASH", text)
    return re.sub(r"(#define \w+_BYTES INT64_C)\(\d+\)", r"\1(BYTES)", text)


def declarations(text):
    """Without comments; an empty line says nothing, nor does where a list of arguments is broken."""
    text = re.sub(r"/\*.*?\*/", "", masked(text), flags=re.S)
    text = re.sub(r"#define \w+_THREAD_BYTES .*", "", text)
    return "".join(line.rstrip() + "\n" for line in re.sub(r",\n +", ", ", text).splitlines() if line.strip())


def difference(name, what, got, wanted):
    title = f"the {what} of {name}.h"
    return "".join(difflib.unified_diff(wanted.splitlines(True), got.splitlines(True), title, "as generated"))


def main():
    faults, compared = "", 0
    for golden in sorted((INPUTS / "interface").glob("*.h")):
        name = golden.stem
        command = [sys.argv[1], "build", EXAMPLES / name / f"{name}.btn", "--target=cpu:x86-64-v3"]
        built = subprocess.run(command + ["--emit=header", "-o", "-"], capture_output=True, text=True)
        if built.returncode == 1 and "`grad` is not compiled yet" in built.stderr:
            continue
        if built.returncode:
            faults += f"{name}: exit {built.returncode}: {built.stderr}"
            continue
        compared += 1
        faults += difference(name, "declarations", declarations(built.stdout), declarations(golden.read_text()))
        whole = INPUTS / golden.name
        if name in ("simple", "qproj"):
            faults += difference(name, "whole", masked(built.stdout), masked(whole.read_text()))
    print(f"{faults}{compared} headers compared")
    return bool(faults)


sys.exit(main())
