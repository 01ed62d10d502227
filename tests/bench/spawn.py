"""Runs a command and prints its wall and CPU seconds, its peak memory in KiB, and its exit status.

The kernel counts the memory that a process had before it executed the command as the command's own: so this program,
which has little, starts it.
"""

import os
import sys
import time

command = sys.argv[1:]
start = time.perf_counter()
silent = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1)]
process = os.posix_spawnp(command[0], command, os.environ, file_actions=silent)
_, status, usage = os.wait4(process, 0)
wall = time.perf_counter() - start
print(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status))
