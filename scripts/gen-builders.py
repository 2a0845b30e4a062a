#!/usr/bin/env python3
"""Writes the node classes of the Python client, the node functions of the TypeScript client, and the tables of names of these and of
the Go client from the service's catalogue.

    scripts/gen-builders.py            write clients/python/src/remotemedia_grpc/{nodes,_catalogue}.py,
                                       clients/typescript/src/{nodes,catalogue}.ts and client/nodetypes_gen.go
    scripts/gen-builders.py --check    fail when what is committed isn't what the catalogue gives

The catalogue is what the program REMOTEMEDIA_BIN (bin/remotemedia) tells: nodes list --json, nodes info --json.
"""

import json
import keyword
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import builders_go
import builders_typescript

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "clients" / "python" / "src" / "remotemedia_grpc"
GO = ROOT / "client"
TYPESCRIPT = ROOT / "clients" / "typescript" / "src"
BINARY = os.environ.get("REMOTEMEDIA_BIN") or str(ROOT / "bin" / "remotemedia")
WIDTH = 120

# What every node's constructor takes besides its parameters.
COMMON = ("id", "output", "timeout")
TYPES = {"integer": "int", "number": "float", "boolean": "bool", "string": "str", "object": "Mapping[str, Any]"}


def catalogue():
    """Return the description of every node type, sorted by name."""
    names = [node["name"] for node in ask("nodes", "list", "--json")]
    return [ask("nodes", "info", name, "--json") for name in sorted(names)]


def ask(*arguments):
    return json.loads(subprocess.run([BINARY, *arguments], check=True, capture_output=True, text=True).stdout)


def parameters(node):
    """The parameters that have an effect."""
    return [p for p in node.get("parameters", []) if not p.get("ignored")]


def annotation(field):
    """The type of a parameter's value."""
    if "enum" in field:
        values = [literal(field["type"], value) for value in field["enum"]]
        return f"Literal[{', '.join(values)}]"
    if field["type"] == "array":
        return f"Sequence[{annotation(field['items'])}]"
    if field["type"] == "any":
        return union(field.get("schema", {}))
    return TYPES[field["type"]]


def literal(kind, value):
    """An enum's value as Python writes it; the catalogue lists them as text."""
    return quoted(value) if kind == "string" else str(json.loads(value) if isinstance(value, str) else value)


def union(schema):
    options = schema.get("oneOf") or schema.get("anyOf") or [schema]
    kinds = [f"Literal[{quoted(o['const'])}]" if "const" in o else TYPES.get(o.get("type"), "Any") for o in options]
    return "Any" if "Any" in kinds else " | ".join(dict.fromkeys(kinds))


def quoted(value):
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def default(field):
    """The default as an expression, or None where the parameter must be given."""
    if field.get("required"):
        return None
    value = field.get("default")
    if isinstance(value, list):
        return f"({', '.join(map(quoted, value))}{',' if len(value) == 1 else ''})"
    return quoted(float(value) if field["type"] == "number" and value is not None else value)


def argument(field):
    kind, value = annotation(field), default(field)
    if value is None:
        return f"{field['name']}: {kind}"
    return f"{field['name']}: {kind} | None = None" if value == "None" else f"{field['name']}: {kind} = {value}"


def explained(field):
    """One parameter's documentation."""
    text = field.get("doc", "").rstrip(".") + "."
    unit = f" {field['unit']}" if field.get("unit") else ""
    low, high = field.get("min"), field.get("max")
    if low is not None and high is not None:
        text += f" From {low} to {high}{unit}."
    elif low is not None:
        text += f" At least {low}{unit}."
    elif high is not None:
        text += f" At most {high}{unit}."
    elif unit:
        text += f" In{unit}."
    return wrapped(f"{field['name']}: {text}", " " * 8, " " * 12)


def wrapped(text, first, following):
    return "\n".join(textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=following, break_long_words=False))


def documentation(node):
    paragraphs = [node["summary"], *node.get("doc", "").split("\n\n")]
    flow = f"Takes {', '.join(node['accepts'])}; gives {', '.join(node['produces'])}. Node type ``{node['name']}``."
    body = "\n\n".join(wrapped(escape(" ".join(p.split())), " " * 4, " " * 4) for p in [*paragraphs, flow] if p.strip())
    lines = [f'    """{body.lstrip()}', "", "    Args:"]
    lines += [escape(explained(field)) for field in parameters(node)]
    lines += [
        "        id: Name of the node within the pipeline; made from the class where it isn't given.",
        "        output: Return what the node gives, though other nodes come after it.",
        "        timeout: Seconds that the node may take for an item.",
        '    """',
    ]
    return lines


def escape(text):
    return text.replace("\\", "\\\\").replace('"""', "'''")


def constructor(node):
    fields = parameters(node)
    clash = {f["name"] for f in fields} & {*COMMON, "self"}
    wrong = [f["name"] for f in fields if keyword.iskeyword(f["name"]) or not f["name"].isidentifier()]
    if clash or wrong:
        raise SystemExit(f"gen-builders: {node['name']}: parameters {sorted(clash) or wrong} can't be arguments")
    fields.sort(key=lambda f: not f.get("required"))
    common = ["id: str | None = None", "output: bool = False", "timeout: float | None = None"]
    placed, named = [argument(f) for f in fields[:1]], [argument(f) for f in fields[1:]]
    first = f"        {', '.join(['self', *placed, '*'])},"  # one parameter may be given by its place
    lines = ["    def __init__(", first, f"        {', '.join([*named, *common])},", "    ) -> None:"]
    given = ", ".join(f"{quoted(f['name'])}: ({f['name']}, {default(f) or 'REQUIRED'})" for f in fields)
    return [*lines, f"        super().__init__({quoted(node['name'])}, given({{{given}}}), id=id, output=output, timeout=timeout)"]


def classes(nodes):
    for node in nodes:
        yield ["", "", f"class {node['name']}(Node):", *documentation(node), "", "    __slots__ = ()", "", *constructor(node)]
    for node in nodes:
        for alias in names_of_classes(node):
            yield ["", "", f"class {alias}({node['name']}):", f'    """Another name of :class:`{node["name"]}`."""', "", "    __slots__ = ()"]


def names_of_classes(node):
    """The aliases that look like a class's name."""
    return sorted(alias for alias in node["aliases"] if re.fullmatch(r"[A-Z][A-Za-z0-9]*", alias))


def nodes_module(nodes):
    exported = sorted({node["name"] for node in nodes} | {alias for node in nodes for alias in names_of_classes(node)})
    head = [
        '"""The node types of the service, as steps of a pipeline. Generated by scripts/gen-builders.py; don\'t edit."""',
        "# ruff: noqa: E501, RUF022",
        "", "from __future__ import annotations", "",
        "from collections.abc import Mapping, Sequence", "from typing import Any, Literal", "",
        "from remotemedia_grpc.pipeline import REQUIRED, Node, given", "", "__all__ = [", *[f"    {quoted(n)}," for n in exported], "]",
    ]
    body = [line for lines in classes(nodes) for line in lines]
    text = "\n".join([*head, *body]) + "\n"
    for name in ("Mapping", "Sequence"):
        if f"{name}[" not in text:
            text = re.sub(rf"\b{name}, |, {name}\b", "", text, count=1)
    return text if "Any]" in text or "| Any" in text or ": Any" in text else text.replace("import Any, Literal", "import Literal")


def catalogue_module(nodes):
    """Every name of a node type with the names that its parameters may have."""
    lines = [
        '"""Names of node types and of their parameters. Generated by scripts/gen-builders.py; don\'t edit."""',
        "# ruff: noqa: E501", "",
        "#: Names of the parameters that a node type takes, other spellings included, by every name of the type.",
        "NODE_TYPES: dict[str, tuple[str, ...]] = {",
    ]
    table = {}
    for node in nodes:
        accepted = [name for p in node.get("parameters", []) for name in (p["name"], *p.get("aliases", []))]
        table |= {name: accepted for name in (node["name"], *node["aliases"])}
    for name, accepted in sorted(table.items()):
        members = ", ".join(map(quoted, accepted)) + ("," if len(accepted) == 1 else "")
        lines.append(f"    {quoted(name)}: ({members}),")
    return "\n".join([*lines, "}"]) + "\n"


def main():
    nodes = catalogue()
    made = {PACKAGE / "nodes.py": nodes_module(nodes), PACKAGE / "_catalogue.py": catalogue_module(nodes)}
    made |= {TYPESCRIPT / name: text for name, text in builders_typescript.files(nodes).items()}
    made |= {GO / name: text for name, text in builders_go.files(nodes).items()}
    if "--check" not in sys.argv[1:]:
        for path, text in made.items():
            path.write_text(text, encoding="utf-8")
        return
    wrong = [str(path.relative_to(ROOT)) for path, text in made.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    if wrong:
        raise SystemExit(f"gen-builders: {', '.join(wrong)}: not what the catalogue gives; run scripts/gen-builders.py and commit")


if __name__ == "__main__":
    main()
