"""needs.py LLVM_BIN LIBRARY..: a compiled library binds to no version of a C library, and to no other library.

Its undefined symbols are memcpy and its like, without a version: any C library has them. Standard library only.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import re
import subprocess
import sys

llvm, libraries = sys.argv[1], sys.argv[2:]
assert libraries
for library in libraries:
    command = [f"{llvm}/llvm-readelf", "--version-info", "--dynamic-table", "--dyn-syms", library]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert not re.findall(r"GLIBC\w*_[.\d]+", text), text
    assert not re.findall(r"NEEDED.*\[(.*)\]", text), text
    undefined = set(re.findall(r" UND (\w+)", text))
    assert undefined <= {"memcpy", "memmove", "memset", "memcmp"}, (library, undefined)
    assert re.search(r"DEFAULT +\d+ \w+_describe", text), text
