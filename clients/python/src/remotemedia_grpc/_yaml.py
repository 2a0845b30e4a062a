"""YAML manifests, where PyYAML is installed: the extra ``remotemedia-grpc[yaml]``.

Values are read as YAML 1.2 and the service read them: ``on`` and ``12:30`` are text, ``010`` is ten.
"""

from __future__ import annotations

import re
from typing import Any

from remotemedia_grpc.errors import ValidationError

_BOOLEAN = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")
_INTEGER = re.compile(r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$")
_FLOAT = re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$")


def parse(text: str) -> Any:
    """Read a document of YAML."""
    try:
        import yaml
    except ImportError as error:
        raise ValidationError(
            "a YAML manifest needs PyYAML: pip install 'remotemedia-grpc[yaml]', or write the manifest as JSON", code="syntax"
        ) from error
    try:
        return yaml.load(text, _loader())  # a safe loader
    except yaml.YAMLError as error:
        raise ValidationError(f"the manifest isn't well-formed YAML: {error}", code="syntax") from error


def _loader() -> Any:
    """Make a safe loader with the values of YAML 1.2, and without doubled keys."""
    import yaml

    class Loader(yaml.SafeLoader):
        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            seen = set()
            for key, _ in node.value:
                if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                    raise yaml.constructor.ConstructorError(None, None, f"the key {key.value!r} is given twice", key.start_mark)
                seen.add(key.value)
            return super().construct_mapping(node, deep)

        def integer(self, node: Any) -> int:
            text = self.construct_scalar(node)
            return int(text, 0) if text[:2] in ("0o", "0x") else int(text, 10)

    kept = ("tag:yaml.org,2002:null", "tag:yaml.org,2002:merge")
    resolvers = yaml.SafeLoader.yaml_implicit_resolvers
    Loader.yaml_implicit_resolvers = {first: [r for r in found if r[0] in kept] for first, found in resolvers.items()}
    Loader.add_implicit_resolver("tag:yaml.org,2002:bool", _BOOLEAN, list("tTfF"))
    Loader.add_implicit_resolver("tag:yaml.org,2002:int", _INTEGER, list("-+0123456789"))
    Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+.0123456789"))
    Loader.add_constructor("tag:yaml.org,2002:int", Loader.integer)
    return Loader
