"""What is done of a command at a time: loaded when one has arrived, and let go with the code that knows them."""

# mypy: disable-error-code="union-attr"
import gc

from ...control.basics import const
from ...room import has_room
from .refusal import count

_ROOM_BYTES = const(20480)  # for the code and the answer to most, and some between what lies scattered


def work(queue, now, calm):
    """A piece of the work; an answer that is ready comes to the replies."""
    queue.used_ms = now
    if queue.taking_up:
        _take_up(queue)
        return
    commands = queue.commands
    if commands is None:
        _load(queue)
        return
    if queue.most:
        commands.out.limit = min(commands.out.limit, queue.most)
    if not queue.arrived:
        done = commands.work(calm)
    else:
        done = commands.handle(*queue.arrived[0])
        if done is None:
            queue.turn = True
            queue.let_go()
            return
        queue.arrived.pop(0)
    if not done:
        return
    queue.answered_at = now
    queue.answer = commands.out.bytes()
    if commands.actions.changed:
        queue.taking_up = commands.actions.take_up()
        queue.let_go()
    else:
        queue.replies.append([0, queue.answer])


def _take_up(queue):
    """A step of it; the code of commands has gone, for control's part of the settings is as large."""
    try:
        next(queue.taking_up)
        return
    except StopIteration:
        pass
    except MemoryError:
        queue.reboot = True  # they are stored: the next start has them
    queue.taking_up = None
    queue.let_go()
    queue.replies.append([0, queue.answer])


def _load(queue):
    try:
        if not has_room(_ROOM_BYTES):
            raise MemoryError
        from .handler import Commands

        unit_id, boot, actions, nonce = queue.begun
        queue.commands = Commands(unit_id, boot, actions(), queue, nonce)
    except MemoryError:
        queue.let_go()
        gc.collect()
        if not queue.alone:
            queue.turn = True
            return
        # Without the code nobody can say whom to answer. The sender asks again when no answer comes.
        queue.arrived.pop(0)
        count(queue, "too_much")
