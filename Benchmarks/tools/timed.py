"""Runs a command and writes its wall seconds, peak bytes and exit code: timed.py RESULT LIMIT COMMAND...

A process of its own, because a child's peak starts at what its parent holds at that moment; this one holds little.
"""
import os
import signal
import sys
import time

result, limit, *command = sys.argv[1:]
started = time.perf_counter()
child = os.posix_spawnp(command[0], command, os.environ)
signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
signal.alarm(int(limit))
_, status, usage = os.wait4(child, 0)
wall = time.perf_counter() - started
with open(result, "w") as file:
    file.write(f"{wall} {usage.ru_maxrss * 1024} {os.waitstatus_to_exitcode(status)}")
