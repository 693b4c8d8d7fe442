"""closed_folder.py BATTEN SOURCE FOLDER: writes over files of a folder that takes no new ones, as a user without rights."""

import os
import pathlib
import subprocess
import sys

batten, source, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
folder.mkdir()
for name in ("s.json", "y.npy"):
    (folder / name).write_text("kept")
    (folder / name).chmod(0o666)
folder.chmod(0o555)
# The superuser may write everywhere, but not without its capabilities.
bare = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
for words in (
    ["build", source, "--emit=manifest", "-o", folder / "s.json"],
    ["run", source, "double", "--x=iota", "--dim", "B=2", "-o", folder / "y.npy"],
):
    ran = subprocess.run([*bare, batten, *words], stderr=subprocess.PIPE, text=True)
    assert ran.returncode == 3, ran
    print(ran.stderr, end="")
assert all((folder / name).read_text() == "kept" for name in ("s.json", "y.npy"))
folder.chmod(0o755)
