"""colour.py BATTEN FILE: when what is said of FILE, which is refused, has colours.

The terminal is a pseudo-terminal. Standard library only.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import os
import pty
import re
import subprocess
import sys

batten, path = sys.argv[1:]


def said(option, terminal, no_color):
    """What `check` writes to its standard error, a terminal or a pipe."""
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    if no_color is not None:
        environment["NO_COLOR"] = no_color
    reader, writer = pty.openpty() if terminal else os.pipe()
    command = [batten, "check", path] + ([option] if option else [])
    done = subprocess.run(command, stderr=writer, env=environment, timeout=60)
    assert done.returncode == 1, done.returncode
    os.close(writer)
    text = b""
    try:
        while part := os.read(reader, 4096):
            text += part
    except OSError:  # what a terminal gives at its end
        pass
    os.close(reader)
    return text.replace(b"\r\n", b"\n").decode()


PLAIN = said("--color=never", False, None)
assert "[E0204]" in PLAIN and "\x1b" not in PLAIN, PLAIN
faults = 0
for option, terminal, no_color, wanted in [
    ("", True, None, True),
    ("", True, "", True),  # an empty variable is none
    ("", True, "1", False),
    ("", False, None, False),
    ("--color=auto", True, None, True),
    ("--color=auto", True, "1", False),
    ("--color=auto", False, None, False),
    ("--color=always", True, None, True),
    ("--color=always", False, "1", True),  # what is asked for now is stronger than a habit
    ("--color=never", True, None, False),
]:
    text = said(option, terminal, no_color)
    coloured = "\x1b[" in text
    if coloured != wanted or re.sub(r"\x1b\[[0-9;]*m", "", text) != PLAIN:
        print(f"{option or 'no option'}, terminal {terminal}, NO_COLOR {no_color}: {text!r}")
        faults += 1
sys.exit(faults)
