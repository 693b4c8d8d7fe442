"""readme.py BATTEN FOLDER [PAGE LEAST]: a page's programs are built by its own command lines and print what the page says.

Without PAGE: the README's smallest C program, as strictly as C allows. With it, the page is a session of at least LEAST commands: a block whose fence
names a file is that file, and `$` lines of a console block are commands of one shell that begins in the repository, each
followed by all that it prints. $HOME is FOLDER, and ./dev build is what made BATTEN.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
batten, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
compiler = shutil.which("cc") or shutil.which("clang-22")


def smallest_program():
    text = (ROOT / "README.md").read_text()
    program = re.search(r"^```c\n(.*?)^```$", text, re.M | re.S)[1]
    command, wanted = re.search(r"^    (cc main\.c .*?) +# (.*)$", text, re.M).groups()
    assert len(program.splitlines()) <= 25, "the program has grown"
    build = re.search(r"^    build/bin/batten (build examples/simple.*?)(?: {2,}#.*)?$", text, re.M)[1].split()
    build = [str(ROOT / word) if word.startswith("examples/") else word for word in build]
    subprocess.run([batten, *build], cwd=folder, check=True)
    (folder / "main.c").write_text(program)
    strict = "-std=c11 -Wall -Wextra -Wpedantic -Werror"
    ran = subprocess.run(command.replace("cc main.c", f"{compiler} {strict} main.c"), shell=True, cwd=folder, check=True,
                         stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert ran.stdout.strip() == wanted, f"prints {ran.stdout!r}, the README says {wanted!r}"


def steps(page):
    """In order: (file, text) of each file, and (command, all that it prints)."""
    for language, name, text in re.findall(r"^```(\w+) ?(\S*)\n(.*?)^```$", page.read_text(), re.M | re.S):
        if name:
            yield name, text
        elif language == "console":
            yield from re.findall(r"^(\$ .*)\n((?:(?!\$ ).*\n)*)", text, re.M)


def session(page, least):
    """Returns what differs. The shell keeps its folder and variables; a line of its own ends each output."""
    faults, commands, where = [], 0, ROOT
    environment = dict(os.environ, HOME=str(folder), CC=compiler, CXX=shutil.which("c++") or shutil.which("clang++-22"))
    build = batten.parent.parent
    for step, text in steps(page):
        if not step.startswith("$ "):
            (where / step).write_text(text)
            continue
        command = step[2:].replace("cmake --install build ", f"cmake --install {build} ")
        command = re.sub(r"^c\+\+ ", environment["CXX"] + " ", command)
        commands += 1
        if command == "./dev build":
            continue
        ran = subprocess.run(["bash", "-c", command + "\nstatus=$?; echo; pwd; echo $PATH; exit $status"], cwd=where,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
        printed, moved, path = ran.stdout.rstrip("\n").rsplit("\n", 2)
        where, environment["PATH"] = pathlib.Path(moved), path
        installs = command.startswith("cmake --install")
        if (printed.rstrip("\n") != text.rstrip("\n") and not installs) or (ran.returncode and not text):
            faults.append(f"{step}\nprints (status {ran.returncode})\n{printed}\nand not\n{text}")
    return faults + ([] if commands >= least else ["the page has lost its commands"])


if len(sys.argv) == 3:
    smallest_program()
else:
    faults = session(pathlib.Path(sys.argv[3]), least=int(sys.argv[4]))
    print("\n".join(faults) or "every command prints what the page says")
    sys.exit(bool(faults))
