"""lit settings: lit -DBIN=<build>/bin -DLLVM=/usr/lib/llvm-22/bin test

Tests are .mlir, .btn and .test files with RUN lines. Tools of the build come first in PATH, then LLVM's (FileCheck, not,
split-file). %src is the repository, %bin the tools of the build. A test that needs a tool which the build lacks says
REQUIRES: <tool>.
"""

import os
import sys

import lit.formats

source = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
binaries = os.path.abspath(lit_config.params["BIN"])
llvm = lit_config.params.get("LLVM", "/usr/lib/llvm-22/bin")

config.name = "Batten"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".btn", ".test"]
config.excludes = ["Inputs", "bench", "found", "corpus"]  # these programs have no RUN line
config.test_source_root = os.path.join(source, "test")
config.test_exec_root = os.path.join(os.path.dirname(binaries), "test-output")

config.environment["PATH"] = os.pathsep.join([binaries, llvm, os.environ["PATH"]])
config.environment["PYTHONDONTWRITEBYTECODE"] = "1"
config.substitutions += [("%src", source), ("%bin", binaries), ("%llvm", llvm), ("%python", sys.executable)]

for tool in os.listdir(binaries):
    config.available_features.add(tool)
with open(os.path.join(binaries, "batten"), "rb") as tool:
    if b"__asan_init" not in tool.read():  # which reserves terabytes of addresses
        config.available_features.add("address-limits")
if os.environ.get("BATTEN_SLOW"):
    config.available_features.add("slow")
