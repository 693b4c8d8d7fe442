"""Who may include whom. Stages meet in the IR only, so a stage sees itself, the dialect and the lists of passes and options.

The first row whose pattern fits a file applies to it. `mlir` stands for the headers of LLVM, MLIR and lld; a name in quotes
beside the file counts as one of its own folder.
"""

import pathlib
import re
import sys
from fnmatch import fnmatch

ROOT = pathlib.Path(__file__).resolve().parent.parent
STAGE = ["dialect/*", "compiler/Passes.h", "compiler/Passes.h.inc", "compiler/Options.h", "mlir"]

ONLY_DIMS = None  # the dim polynomial shares a folder with the dialect, but sees nothing of it

LAYERS = [  # files, what they may include besides their own folder and the standard library
    ("runtime/*", []),
    ("dialect/Dims*", ONLY_DIMS),
    ("dialect/CombiningOps.h", ONLY_DIMS),
    ("dialect/*", ["mlir"]),
    ("compiler/frontend/Emit*", ["dialect/*", "mlir"]),
    ("compiler/frontend/*", ["dialect/Dims.h", "dialect/CombiningOps.h"]),
    ("compiler/lower/*", STAGE),
    ("compiler/kernels/*", STAGE + ["compiler/kernels/*"]),
    ("compiler/schedule/*", STAGE + ["compiler/kernels/*.h"]),
    ("compiler/codegen/support/*", ["runtime/abi.h"]),
    ("compiler/codegen/*", STAGE + ["compiler/schedule/Machine.h", "compiler/Version.h", "runtime/abi.h", "compiler/codegen/*"]),
    ("compiler/tools/*", ["*"]),
    ("compiler/*", ["*"]),
    ("test/*", ["*"]),
    ("examples/*", ["runtime/batten.h", "runtime/batten.hpp"]),
]

FOREIGN = ("mlir/", "mlir-c/", "llvm/", "llvm-c/", "lld/", "clang/")
OURS = ("dialect/", "compiler/", "runtime/", "test/", "examples/")


def allowed(file, include):
    """True if `file` may include `include`; both are paths from the root."""
    patterns = next((patterns for row, patterns in LAYERS if fnmatch(file, row)), [])
    if include.startswith(FOREIGN):
        include = "mlir"
    elif not include.startswith(OURS):
        return True
    if patterns is ONLY_DIMS:
        return include.startswith("dialect/Dims")
    if pathlib.PurePath(include).parent == pathlib.PurePath(file).parent:
        return True
    return any(fnmatch(include, pattern) for pattern in patterns)


def main():
    failures, files = [], 0
    for top in sorted({row.split("/")[0] for row, _ in LAYERS}):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix not in (".h", ".hpp", ".c", ".cpp", ".inc", ".td"):
                continue
            files += 1
            file = path.relative_to(ROOT).as_posix()
            for include in re.findall(r'^\s*#?\s*include\s+["<]([^">]+)[">]', path.read_text(), re.M):
                if not allowed(file, include):
                    failures.append(f"{file} may not include {include}")
    print("\n".join(failures) or f"{files} files keep to their layers")
    return bool(failures) or files == 0


sys.exit(main())
