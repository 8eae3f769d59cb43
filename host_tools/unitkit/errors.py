"""The three ways a verb ends badly, each with its exit code (contract of the command line), in two languages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

_OTHER_FILE = "这不是要的文件", "this is not the file that is wanted"


class Both(str):
    """A sentence in both languages: as a string it is the English one, `zh` the Chinese one."""

    zh: str

    def __new__(cls, zh: str, en: str) -> "Both":
        made = super().__new__(cls, en)
        made.zh = zh
        return made


def both(words: tuple[str, str], **fill: object) -> Both:
    """The sentence of a pair (Chinese, English) with its {names} filled in."""
    return Both(words[0].format(**fill), words[1].format(**fill))


def in_language(text: str, lang: str) -> str:
    """The sentence in `lang`; one that is no `Both` was made in the right language already."""
    return text.zh if lang == "zh" and isinstance(text, Both) else str(text)


def told(words: tuple[str, str], lang: str, **fill: object) -> str:
    """The sentence of a pair, filled in, in `lang`."""
    return in_language(both(words, **fill), lang)


class ToolError(Exception):
    """Base: `problems` is a list of sentences for the user, one a problem."""

    exit_code = 2

    def __init__(self, *problems: str):
        super().__init__("\n".join(problems))
        self.problems = list(problems)

    @classmethod
    def of(cls, zh: str, en: str) -> Self:
        """The error with one sentence, said in Chinese and in English."""
        return cls(Both(zh, en))


class AnswerIsNo(ToolError):
    """It ran and the answer is no: an expectation failed, a self-test failed, a digest differs."""

    exit_code = 1


class BadInput(ToolError):
    """Bad input: each sentence names file, key or line, and the allowed values. A missing file is one."""

    exit_code = 2


class SurroundingsFailed(ToolError):
    """Port missing, busy or forbidden; broker unreachable; a program that is not there."""

    exit_code = 3


class Problems(list[str]):
    """What is wrong with an input, collected so that the user is told all of it at once."""

    def note(self, zh: str, en: str) -> None:
        """Add a sentence in both languages."""
        self.append(Both(zh, en))

    def of(self, load: Callable[[], Any]) -> Any:
        """What `load` returns; None with its problems added where it raises BadInput."""
        try:
            return load()
        except BadInput as e:
            self.extend(e.problems)
            return None

    def refuse(self) -> None:
        """BadInput with all of them, if there are any."""
        if self:
            raise BadInput(*self)


@contextmanager
def writing(path: object) -> Iterator[None]:
    """SurroundingsFailed where what is done inside fails to write there."""
    try:
        yield
    except OSError as e:
        why = e.strerror
        raise SurroundingsFailed.of(f"{path}：写不了：{why}", f"{path}: cannot be written: {why}") from e


@contextmanager
def reading(path: object) -> Iterator[None]:
    """BadInput where a file that the user named is not there, cannot be read, or is no text where text is read."""
    try:
        yield
    except OSError as e:
        raise cannot_read(path, e) from e
    except UnicodeDecodeError as e:
        raise BadInput.of(f"{path}：不是 UTF-8 文字", f"{path}: not UTF-8 text") from e


def cannot_read(path: object, e: OSError) -> BadInput:
    """What to raise where a file that the user named is not there or cannot be read."""
    return BadInput.of(f"{path}：读不了：{e.strerror}", f"{path}: cannot be read: {e.strerror}")


def exists_already(path: object) -> BadInput:
    """What to raise where a file is to be made that is there already."""
    return BadInput.of(f"{path}：文件已存在，不会覆盖；换一个文件名", f"{path}: exists already; choose another name")


def read_at_most(path: Path, most: int, otherwise: tuple[str, str] = _OTHER_FILE) -> bytes:
    """The bytes of a file that the user named. BadInput if it cannot be read or holds more than `most`.

    `otherwise`: what to say of a file that does, in Chinese and in English.
    """
    with reading(path), path.open("rb") as f:
        data = f.read(most + 1)
    if len(data) > most:
        zh, en = otherwise
        raise BadInput.of(f"{path}：超过 {most} 字节：{zh}", f"{path}: larger than {most} bytes: {en}")
    return data
