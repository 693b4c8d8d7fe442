"""progress.py BATTEN: a build that takes long says so: on a terminal in one line that is gone at the end, else in a plain
line a phase.

The terminal is a pseudo-terminal. What takes long elsewhere is a build that is stopped for a while. Standard library only.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
import tempfile
import time

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


def logged(folder, seconds):
    """What a build that stands still for some seconds writes to a pipe."""
    command = [batten, "build", "many.btn", "-o", "many.o"]
    build = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    while build.poll() is None and len(os.listdir(f"/proc/{build.pid}/task")) < 2:
        time.sleep(0.001)  # until it has the thread that looks at the clock
    build.send_signal(signal.SIGSTOP)
    time.sleep(seconds)
    build.send_signal(signal.SIGCONT)
    text = build.communicate()[1]
    assert build.returncode == 0, text
    return text


with tempfile.TemporaryDirectory() as folder:
    pathlib.Path(folder, "many.btn").write_text(program(40))
    text = said(folder)
    assert re.search(r"\r\x1b\[K\[[1-5]/5\] \w+  [1-9]\d*\.\d s", text), repr(text)
    last = text.rindex("\r\x1b[K")
    assert "/5]" not in text[last:], repr(text)  # cleared before anything else is said
    assert "/5]" not in said(folder, "--quiet")
    text = logged(folder, 10.5)
    progress = re.findall(r"^\[([1-5])/5\] \w+  [1-9]\d+\.\d s$", text, re.MULTILINE)
    assert progress and progress == sorted(set(progress)), repr(text)
    assert progress[-1] == "5" and "\r" not in text and "\x1b" not in text, repr(text)
