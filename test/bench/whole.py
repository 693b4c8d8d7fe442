"""whole.py - what a whole page has; what a result has less of, it names, so that no page passes for more than it is.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

PEERS = ["onnxruntime", "openvino", "onednn", "libxsmm", "openblas", "jax", "iree"]
ON_REQUEST = ["torch", "torch_compile"]  # 9 GB
THREADS, RUNS = [1, 2], 5


def threads_text(count):
    return f"{count} thread{'s' * (int(count) > 1)}"


def not_asked_for(peers, threads, runs):
    """{what of a whole page is missing: why}, given the names and numbers that were asked for."""
    missing = [name for name in PEERS if name not in peers]
    missing += [threads_text(count) for count in THREADS if count not in threads]
    missing += [f"{RUNS - runs} of {RUNS} runs"] if runs < RUNS else []
    return dict.fromkeys(missing, "not asked for")


def left_out(absent):
    """As a sentence has it: `jax, 2 threads (not asked for); iree (not installed)`."""
    names = {}
    for name, reason in absent.items():
        names.setdefault(reason, []).append(name)
    return "; ".join(f"{', '.join(some)} ({reason})" for reason, some in names.items())
