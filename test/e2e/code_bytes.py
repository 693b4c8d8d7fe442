"""code_bytes.py LLVM BATTEN LIBRARY OBJECT MANIFEST: what an artifact says of the code of each level is the length of the
section of the level's kernels, and these are all kernels.
"""

import json
import re
import subprocess
import sys

llvm, batten, library, object_file, manifest = sys.argv[1:]


def output(*words):
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout


stated = json.load(open(manifest))["levels"]
assert stated == json.loads(output(batten, "inspect", "--json", library))["levels"], stated
sections = re.findall(r"Name: \.text\.(\S+).*?Size: (\d+)", output(llvm + "/llvm-readobj", "-S", object_file), re.S)
sizes = {name: int(size) for name, size in sections}
symbols = output(llvm + "/llvm-objdump", "-t", object_file)
for level in stated:
    name, suffix = level["name"], "." + level["name"].replace("-", "_")
    functions = re.findall(r" F (\S+)\t(\S+) (?:\.hidden )?(\S+)$", symbols, re.M)
    kernels = [int(size, 16) for section, size, function in functions if function.endswith(suffix)]
    assert kernels and len(kernels) == sum(section == ".text." + name for section, *_ in functions), functions
    assert sum(kernels) <= level["code_bytes"] < sum(kernels) + 64 * len(kernels), (kernels, level)
    assert sizes[name] == level["code_bytes"], sizes
