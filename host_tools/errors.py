"""The three ways a verb ends badly, each with its exit code (contract of the command line)."""


class ToolError(Exception):
    """Base: `problems` is a list of sentences for the user, one a problem."""

    exit_code = 2

    def __init__(self, *problems: str):
        super().__init__("\n".join(problems))
        self.problems = list(problems)


class AnswerIsNo(ToolError):
    """It ran and the answer is no: an expectation failed, a self-test failed, a digest differs."""

    exit_code = 1


class BadInput(ToolError):
    """Bad input: each sentence names file, key or line, and the allowed values."""

    exit_code = 2


class SurroundingsFailed(ToolError):
    """Port missing, busy or forbidden; broker unreachable; a program that is not there."""

    exit_code = 3
