"""Private names and arguments cut short, so that a board's table of names stays small.

MicroPython keeps every name that it loads in a table in the heap. Names that begin with one underscore, and arguments
that nobody passes by keyword, mean something within a module only: here different modules use the same few short ones.
Two names get the same short one only if no module, and no class with a base class in another module, knows both. Lines
keep their numbers; a traceback of a board shows module and line, and the short name of a private function.
"""

import ast
import builtins
import io
import re
import string
import tokenize
from collections import Counter, defaultdict
from itertools import count, product

_PRIVATE = re.compile(r"_[A-Za-z0-9]\w*")
_WORD = re.compile(r"\w+")


def shorten(sources: dict[str, str], foreign: str) -> dict[str, str]:
    """The same modules, by path, with short names. Names that stand in `foreign`, code that they build on, stay."""
    trees = {path: ast.parse(text, path) for path, text in sources.items()}
    words = {path: {token.string for token in _names(text)} for path, text in sources.items()}
    fixed = _fixed(trees) | set(_WORD.findall(foreign)) | set(dir(builtins))
    wanted = {word for known in words.values() for word in known if _PRIVATE.fullmatch(word)} | _arguments(trees)
    short = _share(wanted - fixed, words, _relatives(trees), set().union(*words.values()) | fixed)
    return {path: _renamed(text, short) for path, text in sources.items()}


def _names(text: str) -> list[tokenize.TokenInfo]:
    return [token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type == tokenize.NAME]


def _arguments(trees: dict[str, ast.Module]) -> set[str]:
    """Names that are arguments or variables of functions and nothing else, in all modules."""
    arguments: set[str] = set()
    others: set[str] = set()
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.arg):
                arguments.add(node.arg)
            elif isinstance(node, ast.Attribute):
                others.add(node.attr)
            elif isinstance(node, ast.keyword) and node.arg:
                others.add(node.arg)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                others.add(node.name)
            elif isinstance(node, ast.ImportFrom | ast.Import):
                others.update(_WORD.findall(ast.unparse(node)))
        for statement in tree.body:  # what a module or a class binds is reached from outside
            bodies = statement.body if isinstance(statement, ast.ClassDef) else [statement]
            for part in bodies:
                if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
                    names = [node for node in ast.walk(part) if isinstance(node, ast.Name)]
                    others.update(name.id for name in names if isinstance(name.ctx, ast.Store))
    return arguments - others - {"self"}


def _fixed(trees: dict[str, ast.Module]) -> set[str]:
    """Words that begin with an underscore within texts, and functions whose name such a text begins: `"_op_" + op`."""
    words: set[str] = set()
    functions: set[str] = set()
    for tree in trees.values():
        comments = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in comments:
                words.update(word for word in _WORD.findall(node.value) if re.match("_+[a-z]", word))
            elif isinstance(node, ast.FunctionDef):
                functions.add(node.name)
    begun = tuple(word for word in words if word.endswith("_"))
    return words | {name for name in functions if name.startswith(begun)}


def _relatives(trees: dict[str, ast.Module]) -> list[tuple[str, str]]:
    """Pairs of modules of which the first has a class that is built on a class of the second."""
    classes = {path: [n for n in ast.walk(tree) if isinstance(n, ast.ClassDef)] for path, tree in trees.items()}
    home = {node.name: path for path, nodes in classes.items() for node in nodes}
    found = []
    for path, nodes in classes.items():
        for base in [base for node in nodes for base in node.bases]:
            name = ast.unparse(base).rpartition(".")[2]
            if home.get(name, path) != path:
                found.append((path, home[name]))
    return found


def _share(
    wanted: set[str], words: dict[str, set[str]], relatives: list[tuple[str, str]], taken: set[str]
) -> dict[str, str]:
    """Short names for those `wanted`: the most frequent ones first, each the first that none of its company has."""
    company: dict[str, set[str]] = defaultdict(set)
    for known in [*words.values(), *(words[a] | words[b] for a, b in relatives)]:
        here = known & wanted
        for word in here:
            company[word] |= here
    often = Counter(word for known in words.values() for word in known & wanted)
    pool = [name for name in _pool(len(wanted) + len(taken)) if name not in taken]
    short: dict[str, str] = {}
    for word in sorted(wanted, key=lambda word: (-often[word], word)):
        used = {short[other] for other in company[word] if other in short}
        short[word] = next(name for name in pool if name not in used)
    return short


def _pool(n: int) -> list[str]:
    """The `n` shortest names with one underscore before them."""
    found: list[str] = []
    for length in count(1):
        for letters in product(string.ascii_lowercase, repeat=length):
            found.append("_" + "".join(letters))
            if len(found) == n:
                return found
    raise AssertionError


def _renamed(text: str, short: dict[str, str]) -> str:
    lines = text.split("\n")
    for token in reversed(_names(text)):
        if token.string in short:
            row, column = token.start
            line = lines[row - 1]
            lines[row - 1] = line[:column] + short[token.string] + line[token.end[1] :]
    return "\n".join(lines)
