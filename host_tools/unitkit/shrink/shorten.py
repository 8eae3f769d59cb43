"""Names cut short, so that a board's table of names stays small.

MicroPython keeps every name that it loads in a table in the heap. All that the firmware itself names mean something to
the firmware only, so the same few short names serve again and again. Two names get the same short one only if nothing
knows both: no module has both at its top, no class (with its bases) both as attributes, no function both as variables.
Names stay where somebody else may say them: what MicroPython knows, what is passed by keyword, what modules outside a
slot say. Lines keep their numbers; a traceback of a board shows module and line.
"""

import ast
import builtins
import io
import re
import string
import tokenize
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from itertools import count, islice, product
from pathlib import Path

_WORD = re.compile(r"[A-Za-z_]\w*")
_BEGINNING = re.compile(r"_?[a-z]+_")  # of a function's name, which a program puts together
# Names that every MicroPython has in its flash, and that nothing but a program of its own would say: free of charge.
_IN_FLASH = """
acos acosh asin asinh atan atan2 atanh copysign cos cosh degrees erf erfc exp expm1 fabs fmod frexp gamma isfinite isinf
isnan ldexp lgamma log10 log2 modf radians sin sinh tan tanh trunc phase polar rect difference difference_update
intersection intersection_update isdisjoint issubset issuperset symmetric_difference symmetric_difference_update union
appendleft popleft rindex rpartition rsplit isalpha islower isspace isupper
"""
_MICROPYTHON = Path(__file__).with_name("micropython_names.txt")


def shorten(sources: dict[str, str], foreign: str, outside: Collection[str] = ()) -> dict[str, str]:
    """The same modules, by path, with short names.

    Names that stand in `foreign`, code that they build on, stay; so do those without an underscore before them in the
    modules `outside`, which other versions of the rest will meet.
    """
    trees = {path: ast.parse(text, path) for path, text in sources.items()}
    words = {path: {token.string for token in name_tokens(text)} for path, text in sources.items()}
    met = {word for path in outside for word in words[path] if not word.startswith("_")}
    abroad = words_of(foreign)
    fixed = _fixed(trees) | abroad | _known() | set(dir(builtins)) | met
    said = abroad.union(*words.values())
    free = [name for name in _IN_FLASH.split() if name not in said]
    short = _share(_defined(trees) - fixed, _namespaces(trees), free, said | fixed)
    return {path: _renamed(text, short) for path, text in sources.items()}


def words_of(text: str) -> set[str]:
    """Everything in a text that may be a name."""
    return set(_WORD.findall(text))


def foreign_names(sources: dict[str, str]) -> set[str]:
    """Names that these modules say and that are not their own to change: those of what they build on."""
    trees = {path: ast.parse(text, path) for path, text in sources.items()}
    words = {token.string for text in sources.values() for token in name_tokens(text)}
    return words - (_defined(trees) - _fixed(trees) - _known())


def _known() -> set[str]:
    """Names that MicroPython itself knows on some board: they take no heap there, and mean something to it."""
    return set(_MICROPYTHON.read_text(encoding="utf-8").split())


def name_tokens(text: str) -> list[tokenize.TokenInfo]:
    return [token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type == tokenize.NAME]


def _defined(trees: dict[str, ast.Module]) -> set[str]:
    """Names that the firmware gives: to functions, classes, arguments, variables and attributes."""
    found: set[str] = set()
    for node in (node for tree in trees.values() for node in ast.walk(tree)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.attr)
    return {name for name in found if not name.startswith("__")}


def _fixed(trees: dict[str, ast.Module]) -> set[str]:
    """Names that somebody may say in another way than as a name of the program.

    Functions that a text names (`said_by_texts`), what is passed by keyword, modules and what they are made of. And
    what `const` gives: the compiler writes it in wherever its name stands, so it never is a name on a board, and no
    other thing may have it.
    """
    words = {"self"}
    for path, tree in trees.items():
        words.update(_WORD.findall(path))
        for node in ast.walk(tree):
            match node:
                case ast.keyword(arg=str(name)):
                    words.add(name)
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="const"))):
                    words.add(name)
                case ast.ImportFrom(module=str(name)):
                    words.update(_WORD.findall(name))
    return words | said_by_texts(trees)


def said_by_texts(trees: dict[str, ast.Module]) -> set[str]:
    """Functions whose name is a text of the program, or begins with one: `getattr(self, "_op_" + op)`."""
    functions: set[str] = set()
    texts: set[str] = set()
    begun: set[str] = set()
    for tree in trees.values():
        for node in ast.walk(tree):
            match node:
                case ast.Constant(value=str(text)) if _BEGINNING.fullmatch(text):
                    begun.add(text)
                case ast.Constant(value=str(text)):
                    texts.add(text)
                case ast.FunctionDef(name=name):
                    functions.add(name)
    return functions & texts | {name for name in functions if name.startswith(tuple(begun))}


def _namespaces(trees: dict[str, ast.Module]) -> list[set[str]]:
    """The names that must stay apart: those of each module's top, of each class with its bases, of each function."""
    found: list[set[str]] = []
    classes: dict[str, list[tuple[set[str], list[str]]]] = defaultdict(list)  # (attributes, bases), by name
    for tree in trees.values():
        found.append(_said_in(tree.body))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                found.append(_variables(node))
            elif isinstance(node, ast.ClassDef):
                own = _said_in(node.body)
                parts = [part for part in ast.walk(node) if isinstance(part, ast.Attribute)]
                own.update(part.attr for part in parts if isinstance(part.ctx, ast.Store))
                classes[node.name].append((own, [ast.unparse(base).rpartition(".")[2] for base in node.bases]))
    for alike in classes.values():
        for own, bases in alike:
            whole = set(own)
            while bases:
                above = classes.get(bases[0], [])
                whole.update(*(theirs for theirs, _ in above))
                bases = bases[1:] + [base for _, further in above for base in further]
            found.append(whole)
    return found


def _said_in(body: list[ast.stmt]) -> set[str]:
    """Names that the statements of a module or a class bind or read, not those within their functions."""
    names: set[str] = set()
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        names.update(_bound(node))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting += [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
        elif isinstance(node, ast.ClassDef):
            waiting += [*node.bases, *node.decorator_list]
        elif not isinstance(node, ast.Lambda):
            waiting += ast.iter_child_nodes(node)
    return names


def _variables(function: ast.AST) -> set[str]:
    """Arguments, variables and the global names that a function knows, with the functions in it."""
    return {name for node in ast.walk(function) if node is not function for name in _bound(node)}


def _bound(node: ast.AST) -> set[str]:
    """The names, not attributes, that one node of a tree says."""
    match node:
        case ast.Name(id=name) | ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
            return {name}
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.ImportFrom(names=aliases) | ast.Import(names=aliases):
            return {alias.asname or alias.name for alias in aliases}
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            return set(names)
    return set()


def _share(wanted: set[str], namespaces: list[set[str]], free: list[str], taken: set[str]) -> dict[str, str]:
    """Other names for those `wanted`, at first the `free` ones, then short ones that are not `taken`.

    The most frequent ones come first, each gets the first name that none of its company has.
    """
    company: dict[str, set[str]] = defaultdict(set)
    often: Counter[str] = Counter()
    for names in namespaces:
        here = names & wanted
        often.update(here)
        for word in here:
            company[word] |= here
    pool = free + [name for name in islice(_pool(), len(wanted) + len(taken)) if name not in taken]
    short: dict[str, str] = {}
    for word in sorted(wanted, key=lambda word: (-len(company[word]), -often[word], word)):
        used = {short[other] for other in company[word] if other in short}
        short[word] = next(name for name in pool if name not in used)
    return short


def _pool() -> Iterator[str]:
    """All names with one underscore before them, the shortest first."""
    for length in count(1):
        for letters in product(string.ascii_lowercase, repeat=length):
            yield "_" + "".join(letters)


def _renamed(text: str, short: dict[str, str]) -> str:
    lines = text.split("\n")
    for token in reversed(name_tokens(text)):
        if token.string in short:
            row, column = token.start
            line = lines[row - 1]
            lines[row - 1] = line[:column] + short[token.string] + line[token.end[1] :]
    return "\n".join(lines)
