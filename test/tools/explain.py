"""explain.py BATTEN: every code of the sources has a page; its wrong example gives that code alone, its mended one none."""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
batten = pathlib.Path(sys.argv[1]).absolute()


def explain(*words):
    return subprocess.run([batten, "explain", *words], check=True, stdout=subprocess.PIPE, text=True).stdout


def codes_in_sources():
    found = set()
    for path in [*ROOT.glob("compiler/**/*.cpp"), *ROOT.glob("runtime/*.cpp")]:
        if not path.name.startswith("Explain"):
            text = path.read_text()
            found |= set(re.findall(r'"([ER]0\d{3})"', text)) | set(re.findall(r'\.?warning\(\s*"([\w-]+)"', text))
    return found


def codes_given(example):
    """The codes that an example's command prints, in order."""
    lines = example.splitlines()
    command = next((line[2:] for line in lines if line.startswith("$ ")), "batten check ex.btn")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        source = [line for line in lines if line[:2] not in ("$ ", "# ")]
        (folder / "ex.btn").write_text("".join(line + "\n" for line in source))
        for held in re.findall(r"^# w\.safetensors holds (.*)$", example, re.M):
            words = held.split()
            tensors = [":".join(words[i : i + 3]) for i in range(0, len(words), 3)]
            maker = ROOT / "test/tools/Inputs/weights.py"
            subprocess.run([sys.executable, maker, folder / "w.safetensors", *tensors], check=True)
        path = os.environ | {"PATH": f"{batten.parent}:{os.environ['PATH']}"}
        ran = subprocess.run(["bash", "-c", command], cwd=folder, env=path, capture_output=True, text=True)
    return re.findall(r"\[(?=[ER]|-W)(?:-W)?([ER]0\d{3}|[a-z]+(?:-[a-z]+)*)\]$", ran.stderr, re.M), ran.returncode


def faults_of(code):
    page = explain(code)
    parts = re.fullmatch(r".*?\nWrong:\n(.*?)\nMended:\n(.*)", page, re.S)
    if not parts:
        return [f"{code}: no example"]
    wrong, mended = (re.sub(r"^    ", "", part, flags=re.M) for part in parts.groups())
    faults = []
    if set(given := codes_given(wrong)[0]) != {code}:
        faults.append(f"{code}: the wrong example gives {given}")
    if (given := codes_given(mended)) != ([], 0):
        faults.append(f"{code}: the mended example gives {given}")
    return faults


pages = [line.split()[0] for line in explain().splitlines()]
faults = [f"{code} has no page" for code in sorted(codes_in_sources() - set(pages))]
faults += [f"{code} occurs in no source" for code in pages if code not in codes_in_sources()]
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    for found in pool.map(faults_of, pages):
        faults += found
print("\n".join(faults) or f"{len(pages)} pages")
sys.exit(bool(faults) or len(pages) < 50)
