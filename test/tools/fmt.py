"""fmt.py BATTEN REPOSITORY: `batten fmt` on every program of the repository and on copies with scrambled spaces.

The examples stay as they are, byte for byte, also when their spaces were scrambled. Of every other program that parses
the formatted text is that of its scrambled copy, and is its own formatted text.
Standard library only.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import pathlib
import random
import re
import subprocess
import sys

batten, repository = sys.argv[1], pathlib.Path(sys.argv[2])
TOKEN = re.compile(
    r'"[^"\n]*"|//[^\n]*|/\*.*?\*/|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?|\w+|\.\.|\|\||&&|[!=<>]=|->|#\[|\n|[ \t\r]+|.', re.DOTALL
)


def is_word(text):
    return re.match(r"[\w.]", text[-1]) is not None


def scrambled(text, chance):
    """The same lines, tokens and comments, other spaces; nothing between two tokens only where they stay two."""
    pieces = [piece for piece in TOKEN.findall(text) if not re.fullmatch(r"[ \t\r]+", piece)]
    out = ""
    for left, right in zip(["\n", *pieces], [*pieces, "\n"]):
        operators = not re.match(r"[\w\"()\[\],;{}\n]", left[-1]) and not re.match(r"[\w\"()\[\],;{}\n]", right[0])
        needed = (is_word(left) and is_word(right)) or operators or (left[-1] == "|" and right[0] == "|")
        spaces = chance.choice(["", " ", "  ", "\t", " \t     "]) or (" " if needed else "")
        out += spaces + right
    return out[:-1]


def formatted(text):
    ran = subprocess.run([batten, "fmt"], input=text.encode(), capture_output=True)
    return ran.stdout.decode() if ran.returncode == 0 else None


faults, checked = [], 0
chance = random.Random(7)
for source in sorted(repository.rglob("*.btn")):
    if "build" in source.relative_to(repository).parts:
        continue
    try:
        text = source.read_bytes().decode()
    except UnicodeDecodeError:
        continue
    once = formatted(text)
    if once is None:
        continue
    checked += 1
    name = source.relative_to(repository)
    if name.parts[0] == "examples" and once != text:
        faults.append(f"{name}: changed")
    if formatted(once) != once:
        faults.append(f"{name}: formatted again it is another text")
    for _ in range(3):
        if formatted(scrambled(text, chance)) != once:
            faults.append(f"{name}: another text when its spaces were scrambled")
print(f"{checked} programs")
print("\n".join(faults))
sys.exit(bool(faults) or checked < 100)
