"""artifacts.py BATTEN LLVM LEVEL FILE...: what every compiled program keeps to, whatever it computes.

Builds each FILE and reports what breaks a promise of its artifact: small stack frames of a size known at compile time,
no symbol from outside but four of libc's, no name of its own but those of its header, no writable data, a header that
C99 and C++17 take without a warning, a workspace close to what lives at once. A program whose gradients are not compiled
yet is passed over, no other; how many were built stands in the last line.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import ctypes
import itertools
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import assembly

BATTEN, LLVM, LEVEL = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
LIBC = {"memcpy", "memmove", "memset", "memcmp"}
MOST_STACK = 16 * 1024
SMALL = 256 * 1024  # bytes: below, a scratch of constant size may hem in a buffer that the plan thought larger


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def compiler(language):
    """The system's, or LLVM's where there is none."""
    return shutil.which({"c": "cc", "c++": "c++"}[language]) or LLVM / {"c": "clang", "c++": "clang++"}[language]


class Artifact:
    """The files of one program in a folder of their own."""

    def __init__(self, source, folder):
        self.folder = folder
        folder.mkdir(exist_ok=True)
        options = ["--emit=so,a,o,header,asm,scheduled", f"--target=cpu:{LEVEL}", "-o", folder / "object.o"]
        self.status, self.said = run(BATTEN, "build", source, *options)
        if self.status == 0:
            self.header = next(folder.glob("*.h"))
            self.name = self.header.stem

    def library(self, suffix):
        return self.folder / f"lib{self.name}{suffix}"


def frames(artifact):
    for name, function in assembly.parse((artifact.folder / f"{artifact.name}.s").read_text()).items():
        frame = function.frame()
        if frame is None:
            yield f"the frame of {name} grows at run time"
        elif frame > MOST_STACK:
            yield f"the frame of {name} has {frame} bytes"


def symbols_of(path, *options):
    """(kind, name) of every symbol."""
    status, text = run(LLVM / "llvm-nm", "--format=posix", *options, path)
    assert status == 0, text
    return {(kind, name) for name, kind in re.findall(r"^(\S+) (\S)", text, re.M)}


def symbols(artifact):
    declared = set(re.findall(rf"\b({artifact.name}_\w+)\(", artifact.header.read_text()))
    libraries = [artifact.folder / "object.o", artifact.library(".a"), artifact.library(".so")]
    for path in libraries:
        dynamic = ["--dynamic"] if path.suffix == ".so" else []
        for kind, name in symbols_of(path, *dynamic):
            if kind in "Uw" and name not in LIBC:
                yield f"{path.name} wants {name} of others"
        given = {name for kind, name in symbols_of(path, *dynamic, "--extern-only") if kind not in "Uw"}
        if given != declared:
            yield f"{path.name} gives {sorted(given)}, its header declares {sorted(declared)}"
    status, sections = run(LLVM / "llvm-readelf", "--sections", "--wide", libraries[0])
    assert status == 0, sections
    for name, flags in re.findall(r"\] (\S+) +(?:\w+ +){5}([A-Z]*W[A-Z]*) ", sections):
        if not name.startswith(".data.rel.ro"):
            yield f"its section {name} can be written"


def headers(folder, paths):
    """Each included alone and all in one file, each twice."""
    warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wcast-qual", "-Wshadow", "-Werror", "-fsyntax-only"]
    strict = ["-Wold-style-cast", "-Wzero-as-null-pointer-constant"]
    source = folder / "includes.c"
    for included in [[path] for path in paths] + [paths]:
        source.write_text("".join(f'#include "{path}"\n' for path in included * 2))
        for command in ([compiler("c"), "-std=c99"], [compiler("c++"), "-std=c++17", "-x", "c++", *strict]):
            status, text = run(*command, *warnings, source)
            if status:
                yield f"{command[0]} {command[1]} refuses a header:\n{text}"


#===- The workspace -------------------------------------------------------------------------------------------------===


class Plan:
    """One version of an entry in the scheduled form: its runtime dims, buffers and launches."""

    def __init__(self, name, dims, body):
        self.name = name
        runtime = [re.fullmatch(r"(\w+)(?: <= (\d+))?", dim) for dim in dims.split(", ")]
        self.dims = [dim.groups() for dim in runtime if dim]
        self.buffers = dict(re.findall(r'(%\w+) = batten\.buffer "(.*?)"', body))
        self.launches = [re.findall(r"%\w+", launch) for launch in re.findall(r"batten\.launch .*", body)]

    def peak(self, sizes):
        """The most bytes that are alive during one launch: each buffer is from its first launch to its last."""
        steps = {b: [i for i, used in enumerate(self.launches) if b in used] for b in self.buffers}
        alive = [[b for b, used in steps.items() if used[0] <= i <= used[-1]] for i in range(len(self.launches))]
        return max(sum(evaluate(self.buffers[b], sizes) for b in buffers) for buffers in alive)

    def sizes(self):
        unbounded = [0, 1, 2, 33, 1000, 100_000]
        choices = [[1, (int(bound) + 1) // 2, int(bound)] if bound else unbounded for _, bound in self.dims]
        for values in itertools.product(*choices):
            yield dict(zip([name for name, _ in self.dims], values))


def evaluate(polynomial, sizes):
    return eval(polynomial.replace("/", "//"), {"div": lambda a, b: a // b}, sizes)


def plans(scheduled):
    """The versions of each entry."""
    pattern = r'batten\.plan @[\w.]+\[(.*?)\] kind "entry" attributes \{.*?c_name = "(\w+)".*?\n(.*?)\n  \}'
    found = {}
    for dims, name, body in re.findall(pattern, scheduled, re.S):
        found.setdefault(name, []).append(Plan(name, dims, body))
    return found.values()


def workspace(artifact):
    library = ctypes.CDLL(str(artifact.library(".so")))
    for versions in plans((artifact.folder / f"{artifact.name}.scheduled.mlir").read_text()):
        plan = versions[0]
        formula = getattr(library, f"{artifact.name}_{plan.name}_workspace")
        formula.restype = ctypes.c_int64
        rounding, asked = 64 * max(len(version.buffers) for version in versions), 0
        for sizes in plan.sizes():
            given = formula(*[ctypes.c_int64(size) for size in sizes.values()])
            if given < 0:
                continue  # a `where` of the function refuses these sizes
            asked += 1
            peak = max(version.peak(sizes) for version in versions)
            most = (2 if given < SMALL else 1.1) * peak + rounding
            if not peak <= given <= most:
                yield f"{plan.name}: a workspace of {given} bytes for {peak} alive at {sizes}"
        if not asked:
            yield f"{plan.name}: no sizes were taken"


def main():
    faults, artifacts = [], []
    with tempfile.TemporaryDirectory() as folder:
        for source in sys.argv[4:]:
            artifact = Artifact(source, pathlib.Path(folder) / str(len(artifacts)))
            if artifact.status == 1 and "`grad` is not compiled yet" in artifact.said:
                continue
            if artifact.status:
                faults.append(f"{source}: exit {artifact.status}: {artifact.said}")
                continue
            artifacts.append(artifact)
            for check in (frames, symbols, workspace):
                faults += [f"{source}: {fault}" for fault in check(artifact)]
        faults += headers(pathlib.Path(folder), [artifact.header for artifact in artifacts])
    print("\n".join(faults))
    print(f"{len(artifacts)} of {len(sys.argv) - 4} programs built")
    return bool(faults)


sys.exit(main())
