"""progress.py BATTEN: a build that takes long says so on a terminal, in one line that is gone at the end.

The terminal is a pseudo-terminal. Standard library only.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile

batten = sys.argv[1]


def program(functions):
    """As many functions, no two with an equal kernel."""
    lines = ["dim B"]
    for i in range(functions):
        n = 17 + i
        lines.append(f"pub fn step{i}(x: f32[B | {n}], w: f32[| {n}, {n + 3}]) -> f32[B | {n + 3}] = softmax(gelu(x @ w))")
    return "\n".join(lines) + "\n"


def said(folder, *options):
    """What the build writes to a terminal, and how long it takes in phases of the compiler (0: not known)."""
    reader, terminal = pty.openpty()
    build = subprocess.Popen([batten, "build", "many.btn", "-o", "many.o", *options], cwd=folder, stderr=terminal)
    os.close(terminal)
    text = b""
    try:
        while piece := os.read(reader, 4096):
            text += piece
    except OSError:  # the other side is closed
        pass
    assert build.wait() == 0, text
    return text.decode()


with tempfile.TemporaryDirectory() as folder:
    pathlib.Path(folder, "many.btn").write_text(program(40))
    text = said(folder)
    assert re.search(r"\r\x1b\[K\[[1-5]/5\] \w+  [1-9]\d*\.\d s", text), repr(text)
    last = text.rindex("\r\x1b[K")
    assert "/5]" not in text[last:], repr(text)  # cleared before anything else is said
    assert "/5]" not in said(folder, "--quiet")
