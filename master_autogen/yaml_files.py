"""Read YAML into a schema, or name the file, line and key that is wrong: all faults of a file in one message.

Files are looked up as a path, then in `./scenarios/`, then among those the package ships. This room knows no schema.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from master_autogen.errors import UserError

M = TypeVar("M", bound=BaseModel)
Path_ = tuple[str | int, ...]

MAX_BYTES = 1_000_000
MAX_NODES = 50_000
MAX_DEPTH = 40

_PACKAGE = Path(__file__).parent


class Fault(NamedTuple):
    """Something wrong in a file, with its line (from 1) and the whole sentence."""

    line: int
    text: str


class Located:
    """A YAML document with the line of every key and item; lines count from 1."""

    def __init__(self, path: str, data: Any, lines: Mapping[Path_, int], faults: list[Fault]) -> None:
        self.path = path
        self.data = data
        self.lines = lines
        self.faults = faults

    def line(self, loc: Iterable[str | int]) -> int:
        """The line of this key, or of the nearest key above it that the file holds."""
        parts = tuple(loc)
        while parts and parts not in self.lines:
            parts = parts[:-1]
        return self.lines.get(parts, 1)

    def fault(self, loc: Iterable[str | int], message: str) -> Fault:
        parts = tuple(loc)
        key = ".".join(str(p + 1) if isinstance(p, int) else p for p in parts)
        line = self.line(parts)
        return Fault(line, f"{self.path}:{line}: {key + ': ' if key else ''}{message}")


def shipped(*parts: str) -> Path:
    """A file or folder under `scenarios/`: the copy in the wheel, else the one of the source tree."""
    packaged = _PACKAGE / "_scenarios"
    return (packaged if packaged.is_dir() else _PACKAGE.parent / "scenarios").joinpath(*parts)


def _folders(kind: str) -> list[Path]:
    here = Path("scenarios", kind)
    return [here, shipped(kind)] if here.is_dir() else [shipped(kind)]


def names(kind: str) -> list[str]:
    """The names of the YAML files of this kind: `""` for scenarios, `"pools"`, `"judges"`."""
    return sorted({path.stem for folder in _folders(kind) for path in folder.glob("*.yaml")})


def find(kind: str, name: str) -> Path:
    """The file meant by `name`: a path that exists, else NAME.yaml in `./scenarios/`, else the packaged one."""
    if name.endswith((".yaml", ".yml")) or "/" in name:
        if Path(name).is_file():
            return Path(name)
        raise UserError(f"no file {name}")
    for folder in _folders(kind):
        if (folder / f"{name}.yaml").is_file():
            return folder / f"{name}.yaml"
    what = {"": "scenario", "pools": "pool", "judges": "judge"}.get(kind, kind)
    known = ", ".join(names(kind)) or "none"
    raise UserError(f"no {what} named {name!r}; there are: {known} (or give a path to a file)")


def locate(path: Path) -> Located:
    """Read one YAML document with its lines; duplicate keys are faults, unreadable files are `UserError`."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise UserError(f"{path}: {len(raw):,} bytes; a YAML file may have {MAX_BYTES:,}")
    try:
        loader = yaml.SafeLoader(raw.decode("utf-8"))
        node = loader.get_single_node()
        lines: dict[Path_, int] = {}
        faults: list[Fault] = []
        if node is not None:
            _bound(node, str(path))
            _walk(node, (), lines, faults, str(path))
        data = None if node is None else loader.construct_document(node)
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text (byte {error.start})") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f":{mark.line + 1}" if mark else ""
        raise UserError(f"{path}{where}: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise UserError(f"{path}: {error}") from None
    except (RecursionError, ValueError) as error:
        raise UserError(f"{path}: cannot be read as YAML ({type(error).__name__})") from None
    return Located(str(path), data, lines, faults)


def _bound(node: yaml.Node, path: str) -> None:
    """Refuse documents that grow without end when their aliases are followed."""
    sizes: dict[int, int] = {}
    open_nodes: set[int] = set()

    def size(at: yaml.Node, depth: int) -> int:
        if depth > MAX_DEPTH or id(at) in open_nodes:
            where = f"{path}:{at.start_mark.line + 1}"
            raise UserError(f"{where}: nested more than {MAX_DEPTH} deep, or an alias of itself")
        if id(at) not in sizes:
            open_nodes.add(id(at))
            children: list[yaml.Node] = []
            if isinstance(at, yaml.SequenceNode):
                children = at.value
            elif isinstance(at, yaml.MappingNode):
                children = [part for pair in at.value for part in pair]
            sizes[id(at)] = 1 + sum(size(child, depth + 1) for child in children)
            open_nodes.remove(id(at))
        return sizes[id(at)]

    if (total := size(node, 0)) > MAX_NODES:
        raise UserError(f"{path}: {total:,} values once aliases are followed; a file may have {MAX_NODES:,}")


def _walk(node: yaml.Node, at: Path_, lines: dict[Path_, int], faults: list[Fault], path: str) -> None:
    lines.setdefault(at, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for i, item in enumerate(node.value):
            _walk(item, (*at, i), lines, faults, path)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*at, str(key.value))
            if here in lines:
                line = key.start_mark.line + 1
                faults.append(Fault(line, f"{path}:{line}: key {key.value!r} stands twice"))
            lines[here] = key.start_mark.line + 1
            _walk(value, here, lines, faults, path)


def refuse(faults: Iterable[Fault]) -> None:
    """Raise one `UserError` with every fault, in the order of the file; nothing if there are none."""
    if found := sorted(set(faults)):
        raise UserError("\n".join(fault.text for fault in found))


def parse(
    doc: Located,
    schema: type[M],
    more: Callable[[M, Located], Iterable[Fault]] | None = None,
    prepare: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
) -> M:
    """The document as `schema`. Raises `UserError` with every fault at once: those of the schema and those `more`
    finds.

    `prepare` may rewrite the raw mapping first.
    """
    if not isinstance(doc.data, dict):
        raise UserError(f"{doc.path}:1: a mapping of keys was expected, found {type(doc.data).__name__}")
    data = copy.deepcopy(doc.data)
    made, faults = _validate(doc, schema, prepare(data) if prepare else data)
    if made is not None and more is not None:
        faults += more(made, doc)
    refuse([*doc.faults, *faults])
    assert made is not None  # _validate gives a fault for every None
    return made


def _validate(doc: Located, schema: type[M], data: dict[str, Any]) -> tuple[M | None, list[Fault]]:
    """Validate; where keys are unknown or missing, mend the data and look again, to find the other faults at once."""
    try:
        return schema.model_validate(data), []
    except ValidationError as error:
        faults = [_say(doc, fault) for fault in error.errors(include_url=False)]
        for fault in error.errors(include_url=False):
            if fault["type"] in ("extra_forbidden", "missing"):
                _mend(data, _keys(fault["loc"]), fault["type"] == "missing")
    try:
        return schema.model_validate(data), faults
    except ValidationError:
        return None, faults


def _mend(data: Any, loc: Path_, missing: bool) -> None:
    try:
        for part in loc[:-1]:
            data = data[part]
        if missing:
            data[loc[-1]] = "missing"
        elif isinstance(data, dict):
            data.pop(loc[-1], None)
    except (LookupError, TypeError):
        return  # a key of the file looks like one of those that `_keys` leaves out


def _keys(loc: Iterable[str | int]) -> Path_:
    """A pydantic location without what pydantic puts in for union tags and dictionary keys, in square brackets."""
    return tuple(part for part in loc if not (isinstance(part, str) and "[" in part))


def _say(doc: Located, fault: Any) -> Fault:
    loc = _keys(fault["loc"])
    if fault["type"] == "extra_forbidden":
        return doc.fault(loc, "unknown key")
    if fault["type"] == "missing":
        return doc.fault(loc, "missing")
    message = fault["msg"].removeprefix("Value error, ")
    shown = repr(fault["input"])
    given = "" if fault["type"] == "value_error" or len(shown) > 60 else f" (found {shown})"
    return doc.fault(loc, message[:1].lower() + message[1:] + given)


def read_yaml(path: Path, schema: type[M]) -> M:
    """The file as `schema`, or a `UserError` naming file, line and key of every fault."""
    return parse(locate(path), schema)
