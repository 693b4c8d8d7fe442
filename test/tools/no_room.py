"""no_room.py BATTEN SOURCE FOLDER: under any limit on the sizes of files, a build works or says that there is no room.

What the linker reads and what it writes are files, so one limit or another stops it at each.
"""

import resource
import signal
import subprocess
import sys

batten, source, folder = sys.argv[1:]


def limited(limit):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that writing fails
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


answers = []
while not answers or answers[-1].returncode:
    limit = len(answers) << 13
    command = [batten, "build", "--quiet", "--target=cpu:x86-64-v3", source, "-o", f"{folder}/limited.so"]
    ran = subprocess.run(command, stderr=subprocess.PIPE, text=True, preexec_fn=lambda: limited(limit))
    answers.append(ran)
    if ran.returncode:
        lacksRoom = "error: no room for the linker: " in ran.stderr or "error: cannot write" in ran.stderr
        assert ran.returncode in (1, 3) and lacksRoom, f"{limit} bytes: exit {ran.returncode}: {ran.stderr}"
assert any("no room for the linker: it needs" in ran.stderr for ran in answers), "all limits let the linker begin"
assert any("no room for the linker: ld.lld" in ran.stderr for ran in answers), "no limit stopped its output"
