"""language.py BATTEN: the examples of LANGUAGE.md and README.md check, or are refused with the code behind their fence;
they are written as `batten fmt` writes them; LANGUAGE.md names every op of the table."""

import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
LANGUAGE = ROOT / "compiler/frontend/LANGUAGE.md"
batten = sys.argv[1]
faults, examples = [], 0
for page in (LANGUAGE, ROOT / "README.md"):
    text = page.read_text()
    for block in re.finditer(r"^```btn *(E\d{4})?\n(.*?)^```$", text, re.M | re.S):
        examples += 1
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder) / "example.btn"
            program.write_text(block[2])
            ran = subprocess.run([batten, "check", "--diag=short", program], stderr=subprocess.PIPE, text=True, timeout=20)
            formatted = subprocess.run([batten, "fmt", "--diff", program], stdout=subprocess.PIPE, text=True, timeout=20).stdout
        line = text.count("\n", 0, block.start()) + 1
        if formatted:
            faults.append(f"{page.name}:{line}: not in the style of `batten fmt`\n{formatted}")
        found = re.findall(r"\[(E\d{4})\]$", ran.stderr, re.M)
        if found != [code for code in [block[1]] if code]:
            faults.append(f"{page.name}:{line}: wanted {block[1] or 'no error'}, found\n{ran.stderr}")
words = set(re.findall(r"\w+", LANGUAGE.read_text()))
table = (ROOT / "compiler/frontend/OpTable.cpp").read_text()
ops = re.findall(r'^ +(?:\{|unary\(|reduction\(|alongDim\()"(\w+)",? ?', table, re.M)
faults += [f"LANGUAGE.md does not name `{op}`" for op in ops if op not in words]
print("\n".join(faults) or f"{examples} examples, {len(ops)} ops")
sys.exit(bool(faults) or examples < 13 or len(ops) < 40)
