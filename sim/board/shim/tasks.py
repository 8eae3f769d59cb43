"""The part of asyncio that MicroPython has in C, over the board's own ticks.

The built-in one reads the computer's clock and does not wrap at 2^30, so a unit that has run for 12 days would behave
otherwise than on an ESP32. Few tasks run on a unit: a sorted list is the simplest queue.
"""

import time

from micropython import const

_MASK = const((1 << 30) - 1)
_HALF = const(1 << 29)


class TaskQueue:
    """Tasks by the tick at which they are due; the soonest stands last."""

    def __init__(self):
        self._tasks = []

    def peek(self):
        return self._tasks[-1] if self._tasks else None

    def push(self, task, ticks=None):
        if ticks is None:
            ticks = time.ticks_ms()
        task.data = None
        task.ph_key = ticks
        tasks = self._tasks
        i = len(tasks)
        while i and (ticks - tasks[i - 1].ph_key) & _MASK < _HALF:
            i -= 1
        tasks.insert(i, task)

    def pop(self):
        return self._tasks.pop()

    def remove(self, task):
        self._tasks.remove(task)


class Task:
    """A coroutine with its state: True while it runs, a queue while others wait for it, None or False when done."""

    def __init__(self, coro, globals=None):
        self.coro = coro
        self.data = None  # what to throw into it, what it waits for, or how it ended
        self.state = True
        self.ph_key = 0

    def done(self):
        return not self.state

    def __iter__(self):
        if not self.state:
            self.state = False  # somebody has seen the end
        elif self.state is True:
            self.state = TaskQueue()
        return self

    def __next__(self):
        from asyncio import core

        if not self.state:
            raise self.data
        self.state.push(core.cur_task)
        core.cur_task.data = self

    def cancel(self):
        from asyncio import core

        task = self
        if not task.state:
            return False
        if task is core.cur_task:
            raise RuntimeError("can't cancel self")
        while isinstance(task.data, Task):
            task = task.data
        waiting_in = task.data
        if hasattr(waiting_in, "remove"):
            waiting_in.remove(task)
        else:
            core._task_queue.remove(task)
        core._task_queue.push(task)
        task.data = core.CancelledError
        return True
