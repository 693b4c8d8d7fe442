"""isolated.py - runs a function in a child process and hands its result back.

Every row and number of threads has a process of its own: thread pools of the libraries are sized once a process, and a
library that crashes must not take the page with it.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import multiprocessing
import traceback


class Failure(Exception):
    """What became of a child that gave no result."""


def run(function, *arguments, limit_seconds):
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)
    child = context.Process(target=answer, args=(send, function, arguments))
    child.start()
    send.close()
    try:
        if not receive.poll(limit_seconds):
            raise Failure(f"no result within {limit_seconds} s")
        kind, value = receive.recv()
    except EOFError:
        child.join()
        raise Failure(f"the process ended with {child.exitcode}") from None
    finally:
        child.kill()  # threads of libraries may keep it from ending
        child.join()
    if kind == "error":
        raise Failure(value)
    return value


def answer(send, function, arguments):
    try:
        send.send(("result", function(*arguments)))
    except Exception:
        send.send(("error", traceback.format_exc(limit=-3)))
