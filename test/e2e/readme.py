"""readme.py BATTEN FOLDER: the README's smallest C program is built by its own command line, as strictly as C allows, and
prints what the README says."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
batten, folder = sys.argv[1], pathlib.Path(sys.argv[2])
text = (ROOT / "README.md").read_text()
program = re.search(r"^```c\n(.*?)^```$", text, re.M | re.S)[1]
command, wanted = re.search(r"^    (cc main\.c .*?) +# (.*)$", text, re.M).groups()
assert len(program.splitlines()) <= 25, "the program has grown"
build = re.search(r"^    build/bin/batten (build examples/simple.*?)(?: {2,}#.*)?$", text, re.M)[1].split()
build = [str(ROOT / word) if word.startswith("examples/") else word for word in build]
subprocess.run([batten, *build], cwd=folder, check=True)
(folder / "main.c").write_text(program)
strict = "-std=c11 -Wall -Wextra -Wpedantic -Werror"
compiler = shutil.which("cc") or shutil.which("clang-22")
ran = subprocess.run(command.replace("cc main.c", f"{compiler} {strict} main.c"), shell=True, cwd=folder, check=True,
                     stdout=subprocess.PIPE, text=True, env=dict(os.environ))
assert ran.stdout.strip() == wanted, f"prints {ran.stdout!r}, the README says {wanted!r}"
