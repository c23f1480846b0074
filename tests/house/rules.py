"""Rules that imports cannot show, found in the syntax tree. Each comes with an example that it must find."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.house.sources import Source

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60
CONTENT_PACKAGES = ("echoless.volatile", "echoless.crossing", "echoless.receipts", "echoless.retention")


@dataclass(frozen=True)
class Finding:
    """A line that breaks a rule."""

    path: str
    line: int
    what: str


@dataclass(frozen=True)
class Rule:
    """One rule.

    check:      yields what breaks it, in one file
    examples:   files that break it
    exceptions: modules where it is allowed, each with the reason; an exception that nobody needs any more fails
    """

    name: str
    check: Callable[[Source], Iterator[Finding]]
    examples: tuple[Source, ...]
    exceptions: dict[str, str] = field(default_factory=dict)


def _name_of(node: ast.expr) -> str:
    """Return the last name of `f`, `a.f` or `a.b.f`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def _calls(source: Source) -> Iterator[ast.Call]:
    return (node for node in ast.walk(source.tree) if isinstance(node, ast.Call))


def _imported_names(source: Source) -> Iterator[tuple[int, str]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def _comments(source: Source) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


_FILE_CALLS = {"open", "io.open", "os.open", "os.fdopen", "codecs.open", "os.mkfifo", "os.memfd_create"}
_FILE_METHODS = {"write_text", "write_bytes", "touch", "mkdir", "rmdir", "unlink", "symlink_to", "hardlink_to"}


def files_are_opened_by_the_vault(source: Source) -> Iterator[Finding]:
    if not source.is_in(*CONTENT_PACKAGES, "echoless.core", "echoless.vault.intake", "echoless.vault.queries"):
        return
    for call in _calls(source):
        is_method = isinstance(call.func, ast.Attribute) and call.func.attr in _FILE_METHODS
        if _dotted(call.func) in _FILE_CALLS or is_method:
            yield Finding(source.path, call.lineno, f"opens or makes a file: {_dotted(call.func)}")


def nothing_is_printed(source: Source) -> Iterator[Finding]:
    if source.is_in("echoless.cli"):
        return
    for call in _calls(source):
        if _dotted(call.func) in {
            "print",
            "pprint.pprint",
            "sys.stdout.write",
            "sys.stderr.write",
            "traceback.print_exc",
        }:
            yield Finding(source.path, call.lineno, f"prints: {_dotted(call.func)}")


def no_code_is_named_by_data(source: Source) -> Iterator[Finding]:
    for call in _calls(source):
        if (
            _dotted(call.func) in {"exec", "eval", "compile", "__import__"}
            or _name_of(call.func) == "import_module"
        ):
            yield Finding(source.path, call.lineno, f"runs or loads code by name: {_dotted(call.func)}")


def content_is_not_copied_wholesale(source: Source) -> Iterator[Finding]:
    if not source.is_in("echoless.volatile", "echoless.crossing", "echoless.vault", "echoless.core"):
        return
    for call in _calls(source):
        if _name_of(call.func) in {"asdict", "astuple", "deepcopy"}:
            yield Finding(source.path, call.lineno, f"copies whole objects: {_dotted(call.func)}")


def nothing_is_cached_by_argument(source: Source) -> Iterator[Finding]:
    if not source.is_in(*CONTENT_PACKAGES, "echoless.vault", "echoless.core"):
        return
    for line, name in _imported_names(source):
        if name in {"functools.lru_cache", "functools.cache", "functools.cached_property"}:
            yield Finding(source.path, line, f"keeps what it was called with: {name}")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and _dotted(node) in {"functools.lru_cache", "functools.cache"}:
            yield Finding(source.path, node.lineno, f"keeps what it was called with: {_dotted(node)}")


_TASK_MAKERS = {"create_task", "ensure_future", "run_in_executor"}


def nothing_outlives_its_request(source: Source) -> Iterator[Finding]:
    if not source.is_in("echoless.volatile"):
        return
    # The block of a group waits for its tasks.
    groups = {
        f"{ast.unparse(item.optional_vars)}.create_task"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.AsyncWith)
        for item in node.items
        if item.optional_vars is not None and "TaskGroup" in ast.unparse(item.context_expr)
    }
    for node in ast.walk(source.tree):
        is_scoped = isinstance(node, ast.Call) and _dotted(node.func) in groups
        if not is_scoped and isinstance(node, ast.Call) and _name_of(node.func) in _TASK_MAKERS:
            yield Finding(source.path, node.lineno, f"loose task: {_dotted(node.func)}")
        if isinstance(node, ast.Name) and node.id in {"BackgroundTask", "BackgroundTasks"}:
            yield Finding(source.path, node.lineno, f"task after the response: {node.id}")


def only_the_journal_speaks(source: Source) -> Iterator[Finding]:
    for line, name in _imported_names(source):
        if name.split(".")[0] in {"logging", "structlog", "loguru", "syslog", "faulthandler", "cgitb"}:
            yield Finding(source.path, line, f"a second way to speak: {name}")


# Each keeps what it was given: in a file, in a cache keyed by its argument, or in shared memory.
_KEEPERS = {
    "tempfile": "temporary files", "shutil": "copies files", "pickle": "pickles", "marshal": "pickles",
    "shelve": "files", "multiprocessing": "needs /dev/shm", "linecache": "caches files", "pydub": "temporary files",
    "urllib.parse.urlsplit": "caches 128 URLs", "urllib.parse.urlparse": "caches 128 URLs",
    "fastapi.UploadFile": "spools to disk", "fastapi.File": "spools to disk", "fastapi.Form": "spools to disk",
    "starlette.datastructures.UploadFile": "spools to disk", "httpx2": "connects outwards",
    "httpx": "connects outwards", "requests": "connects outwards", "subprocess": "shows its arguments to everybody",
}  # fmt: skip


def libraries_that_keep_stay_out(source: Source) -> Iterator[Finding]:
    if not source.is_in(*CONTENT_PACKAGES, "echoless.core"):
        return
    for line, name in _imported_names(source):
        for keeper, why in _KEEPERS.items():
            if name == keeper or name.startswith(f"{keeper}."):
                yield Finding(source.path, line, f"{keeper}: {why}")


# The import contracts watch libraries that are in use; these are watched before anybody uses them.
_DOORS = {
    "fastapi": "echoless.volatile.gateway", "starlette": "echoless.volatile.gateway",
    "multipart": "echoless.volatile.gateway", "websockets": "echoless.volatile.gateway",
    "pocketsphinx": "echoless.volatile.engines", "pyworld": "echoless.volatile.engines",
    "sherpa_onnx": "echoless.volatile.engines", "faster_whisper": "echoless.volatile.engines",
    "onnxruntime": "echoless.volatile.engines", "psycopg": "echoless.vault.stores",
    "asyncpg": "echoless.vault.stores", "boto3": "echoless.vault.stores", "redis": "echoless.vault.stores",
    "dbos": "echoless.vault",
}  # fmt: skip


def each_library_has_one_door(source: Source) -> Iterator[Finding]:
    for line, name in _imported_names(source):
        door = _DOORS.get(name.split(".")[0])
        if door is not None and not source.is_in(door):
            yield Finding(source.path, line, f"{name} belongs into {door}")


def content_opens_only_where_it_is_used(source: Source) -> Iterator[Finding]:
    if source.is_in("echoless.volatile", "echoless.vault", "echoless.crossing", "echoless.bench", "echoless.audit"):
        return
    for call in _calls(source):
        if isinstance(call.func, ast.Attribute) and call.func.attr == "reveal":
            yield Finding(source.path, call.lineno, "opens content")


def only_retention_asks_for_the_mode(source: Source) -> Iterator[Finding]:
    # Intake is the vault's side of the decision: it refuses content for whatever is not a DEFAULT ticket.
    if source.is_in("echoless.retention", "echoless.vault.intake"):
        return
    for node in ast.walk(source.tree):
        if not isinstance(node, (ast.Compare, ast.MatchValue)):
            continue
        for part in ast.walk(node):
            if isinstance(part, ast.Attribute) and _dotted(part) in {"RetentionMode.ZERO", "RetentionMode.DEFAULT"}:
                yield Finding(source.path, node.lineno, "asks for the mode; be handed a sink instead")


def errors_are_raised_after_the_except_block(source: Source) -> Iterator[Finding]:
    if not source.is_in("echoless.volatile", "echoless.crossing", "echoless.vault", "echoless.core"):
        return
    for handler in ast.walk(source.tree):
        if isinstance(handler, ast.ExceptHandler):
            for node in ast.walk(handler):
                if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                    yield Finding(
                        source.path, node.lineno, "the new error keeps the old one, and its text, as context"
                    )


def no_error_is_swallowed(source: Source) -> Iterator[Finding]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler):
            kind = _name_of(node.type) if node.type is not None else "BaseException"
            is_silent = all(isinstance(part, (ast.Pass, ast.Continue)) for part in node.body)
            if kind in {"Exception", "BaseException"} and is_silent:
                yield Finding(source.path, node.lineno, f"swallows every {kind}")
        if isinstance(node, ast.Call) and _name_of(node.func) == "suppress":
            broad = [_name_of(part) for part in node.args if _name_of(part) in {"Exception", "BaseException"}]
            if broad:
                yield Finding(source.path, node.lineno, f"swallows every {broad[0]}")


def modules_have_no_state(source: Source) -> Iterator[Finding]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Global):
            yield Finding(source.path, node.lineno, f"global {', '.join(node.names)}")


def files_are_short(source: Source) -> Iterator[Finding]:
    lines = source.text.count("\n")
    if lines > FILE_LINES_MAX:
        yield Finding(source.path, lines, f"{lines} lines, at most {FILE_LINES_MAX}")


def functions_are_short(source: Source) -> Iterator[Finding]:
    for node in ast.walk(source.tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                yield Finding(
                    source.path, node.lineno, f"{node.name} has {lines} lines, at most {FUNCTION_LINES_MAX}"
                )


def names_say_what_is_inside(source: Source) -> Iterator[Finding]:
    for part in source.module.split("."):
        if re.fullmatch(r"(.*_)?(utils?|helpers?|managers?|misc|common|stuff)", part):
            yield Finding(source.path, 1, f"{part} says nothing")


_SUPPRESSION = re.compile(r"#\s*(noqa|type:\s*ignore|nosec|pyright:|pylint:|mypy:)")
_EXPLAINED = re.compile(
    r"#\s*(noqa: [A-Z]+[0-9]+(, [A-Z]+[0-9]+)*|type: ignore\[[a-z-]+(, ?[a-z-]+)*\])\s+#\s*\S.{3,}"
)


def suppressions_have_a_code_and_a_reason(source: Source) -> Iterator[Finding]:
    for line, comment in _comments(source):
        if _SUPPRESSION.search(comment) and not _EXPLAINED.search(comment):
            yield Finding(source.path, line, f"suppression without a code or a reason: {comment}")


def unfinished_work_has_a_reference(source: Source) -> Iterator[Finding]:
    for line, comment in _comments(source):
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", comment) and not re.search(r"\bTODO\(\S+\):? \S", comment):
            yield Finding(source.path, line, "write TODO(reference): and what is to be done")
