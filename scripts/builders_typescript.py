"""The TypeScript client's functions for nodes, and its table of names, for gen-builders.py."""

import json
import re
import textwrap

WIDTH = 120
# What every node may be given besides its parameters; see NodeOptions in pipeline.ts.
COMMON = {"id", "output", "timeoutMs"}
TYPES = {"integer": "number", "number": "number", "boolean": "boolean", "string": "string", "object": "Readonly<Record<string, unknown>>"}


def files(nodes):
    """Return the generated files by name."""
    return {"nodes.ts": nodes_module(nodes), "catalogue.ts": catalogue_module(nodes)}


def parameters(node):
    """The parameters that have an effect, those that must be given first."""
    fields = [p for p in node.get("parameters", []) if not p.get("ignored")]
    return sorted(fields, key=lambda f: not f.get("required"))


def camel_case(name):
    return re.sub(r"_([a-z0-9])", lambda m: m[1].upper(), name)


def snake_case(name):
    """The same as in pipeline.ts, where it undoes camel_case."""
    return re.sub(r"[A-Z]", lambda m: "_" + m[0].lower(), name)


def function_name(name):
    """VAD is vad, GRPCStreamSource is grpcStreamSource, AudioResample is audioResample."""
    return re.sub(r"^[A-Z]+(?![a-z])|^[A-Z]", lambda m: m[0].lower(), name)


def annotation(field):
    """The type of a parameter's value."""
    if "enum" in field:
        return " | ".join(json.dumps(v) if field["type"] == "string" else str(v) for v in field["enum"])
    if field["type"] == "array":
        inner = annotation(field["items"])
        return f"readonly ({inner})[]" if "|" in inner else f"readonly {inner}[]"
    if field["type"] == "any":
        return union(field.get("schema", {}))
    return TYPES[field["type"]]


def union(schema):
    options = schema.get("oneOf") or schema.get("anyOf") or [schema]
    kinds = [json.dumps(o["const"]) if "const" in o else TYPES.get(o.get("type"), "unknown") for o in options]
    return "unknown" if "unknown" in kinds else " | ".join(dict.fromkeys(kinds))


def comment(paragraphs, indent, tags=()):
    """A JSDoc comment."""
    lines = []
    for paragraph in paragraphs:
        text = " ".join(paragraph.split()).replace("*/", "*\\/")
        lines += ["", *textwrap.wrap(text, WIDTH - len(indent) - 3, break_long_words=False)]
    lines = [*lines[1:], *([""] if tags else []), *(tag.replace("*/", "*\\/") for tag in tags)]
    if len(lines) == 1 and len(lines[0]) + len(indent) + 7 <= WIDTH:
        return [f"{indent}/** {lines[0]} */"]
    return [f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in lines), f"{indent} */"]


def explained(field):
    """What a parameter means, with its range."""
    text = field.get("doc", "").rstrip(".") + "."
    unit = f" {field['unit']}" if field.get("unit") else ""
    low, high = field.get("min"), field.get("max")
    if low is not None and high is not None:
        return f"{text} From {low} to {high}{unit}."
    if low is not None:
        return f"{text} At least {low}{unit}."
    if high is not None:
        return f"{text} At most {high}{unit}."
    return f"{text} In{unit}." if unit else text


def options_interface(node):
    """The interface of a node's parameters."""
    lines = ["", f"/** Parameters of {{@link {function_name(node['name'])}}}. */", f"export interface {node['name']}Options extends NodeOptions {{"]
    for field in parameters(node):
        default = field.get("default")
        tags = [] if default is None else [f"@default {json.dumps(default, ensure_ascii=False)}"]
        lines += comment([explained(field)], "  ", tags)
        required = field.get("required")
        lines.append(f"  readonly {camel_case(field['name'])}{'' if required else '?'}: {annotation(field)}{'' if required else ' | undefined'};")
    return [*lines, "}"]


def signature(node):
    """The arguments: the first parameter may be given by its place, or everything in one object."""
    fields = parameters(node)
    if not fields:
        return "options?: NodeOptions", '"", options, undefined'
    first, kind = fields[0], annotation(fields[0])
    placed = kind != "unknown" and not any(t in kind for t in ("Record", "unknown"))
    whole = f"{node['name']}Options"
    if not placed:
        return f"options{'' if first.get('required') else '?'}: {whole}", '"", options, undefined'
    if first.get("required"):
        rest = f'Omit<{whole}, "{camel_case(first["name"])}">'
        others = [f for f in fields[1:] if f.get("required")]
        if others:
            return f"options: {whole}", '"", options, undefined'
        name = camel_case(first["name"])
        return f"{name}: {kind} | {whole}, options?: {rest}", f'"{name}", {name}, options'
    name = camel_case(first["name"])
    return f"{name}?: {kind} | {whole}, options?: {whole}", f'"{name}", {name}, options'


def function(node, name, about):
    """The function that makes a node."""
    arguments, call = signature(node)
    tags = []
    fields = parameters(node)
    if fields and not arguments.startswith("options"):
        tags.append(f"@param {camel_case(fields[0]['name'])} {explained(fields[0])} Or all parameters in one object.")
    return [
        "",
        *comment(about, "", tags),
        f"export function {function_name(name)}({arguments}): Node {{",
        f'  return catalogued("{name}", "{node["name"]}", {call});',
        "}",
    ]


def class_aliases(node):
    """The aliases that look like a class's name, and so have functions."""
    return sorted(alias for alias in node["aliases"] if re.fullmatch(r"[A-Z][A-Za-z0-9]*", alias))


def check(node):
    """Refuse names that TypeScript can't have."""
    names = [camel_case(f["name"]) for f in parameters(node)]
    wrong = [n for n in names if not re.fullmatch(r"[a-z][A-Za-z0-9]*", n) or n in COMMON]
    wrong += [f["name"] for f in parameters(node) if snake_case(camel_case(f["name"])) != f["name"]]
    if wrong:
        raise SystemExit(f"gen-builders: {node['name']}: parameters {wrong} can't be options")


def nodes_module(nodes):
    lines = [
        "/** The node types of the service, as steps of a pipeline. Generated by scripts/gen-builders.py; don't edit. */",
        "",
        'import { type Node, type NodeOptions, catalogued } from "./pipeline.js";',
    ]
    for node in nodes:
        check(node)
        if parameters(node):
            lines += options_interface(node)
        flow = f"Takes {', '.join(node['accepts'])}; gives {', '.join(node['produces'])}. Node type `{node['name']}`."
        paragraphs = [p for p in [node["summary"], *node.get("doc", "").split("\n\n"), flow] if p.strip()]
        lines += function(node, node["name"], paragraphs)
    for node in nodes:
        for alias in class_aliases(node):
            about = [f"{node['summary']} Another name of {{@link {function_name(node['name'])}}}, which has the documentation."]
            lines += function(node, alias, about)
    names = [function_name(name) for node in nodes for name in (node["name"], *class_aliases(node))]
    doubled = sorted({n for n in names if names.count(n) > 1})
    if doubled:
        raise SystemExit(f"gen-builders: {doubled}: several node types would have these functions")
    return "\n".join(lines) + "\n"


def catalogue_module(nodes):
    """The node types as data, with every name that their parameters may have."""
    lines = [
        "/** The catalogue of the service's release that this client belongs to. Generated by scripts/gen-builders.py; don't edit. */",
        "",
        'import type { CatalogueEntry } from "./catalogued.js";',
        "",
        "export const CATALOGUE: readonly CatalogueEntry[] = [",
    ]
    for node in nodes:
        fields = node.get("parameters", [])
        entry = {
            "name": node["name"],
            "aliases": sorted(node["aliases"]),
            "description": node["summary"],
            "category": node["category"],
            "accepts": node["accepts"],
            "produces": node["produces"],
            "stateful": node.get("stateful", False),
            "parameters": [name for p in fields for name in (p["name"], *p.get("aliases", []))],
            "defaults": {p["name"]: p["default"] for p in fields if p.get("default") is not None and not p.get("ignored")},
        }
        lines.append("  {")
        lines += [f"    {key}: {json.dumps(value, ensure_ascii=False)}," for key, value in entry.items()]
        lines.append("  },")
    return "\n".join([*lines, "];"]) + "\n"
