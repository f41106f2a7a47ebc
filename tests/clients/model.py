"""Holds recorded sessions against the protocol's meta model: model.py META_MODEL RECORD…

Fails on a message that is not as the model has it, on an answer to nothing, and on a request that nobody answered.
Methods that are ours (`deepReview/…`) are not in the model.
"""
from __future__ import annotations

import json
import sys
from pathlib import Path

from jsonschema import Draft202012Validator

INTEGER = {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
BASE = {
    "string": {"type": "string"}, "DocumentUri": {"type": "string"}, "URI": {"type": "string"},
    "RegExp": {"type": "string"}, "boolean": {"type": "boolean"}, "null": {"type": "null"},
    "integer": INTEGER, "uinteger": {**INTEGER, "minimum": 0}, "decimal": {"type": "number"},
}
ANY = {"LSPAny": {}, "LSPObject": {"type": "object"}, "LSPArray": {"type": "array"}}


class Model:
    """The meta model as JSON schemas."""

    def __init__(self, file: Path):
        model = json.loads(file.read_text())
        self.structures = {s["name"]: s for s in model["structures"]}
        self.messages = {m["method"]: m for m in model["requests"] + model["notifications"]}
        self.version = model["metaData"]["version"]
        self.definitions = {a["name"]: self.schema(a["type"]) for a in model["typeAliases"]}
        for enumeration in model["enumerations"]:
            values = {"enum": [value["value"] for value in enumeration["values"]]}
            is_open = enumeration.get("supportsCustomValues")
            self.definitions[enumeration["name"]] = BASE[enumeration["type"]["name"]] if is_open else values
        for name, structure in self.structures.items():
            self.definitions[name] = self.object(self.properties(structure))
        self.definitions.update(ANY)

    def properties(self, structure: dict) -> list[dict]:
        parents = structure.get("extends", []) + structure.get("mixins", [])
        inherited = [p for parent in parents for p in self.properties(self.structures[parent["name"]])]
        # What a structure says itself counts more than what it inherits.
        return list({p["name"]: p for p in inherited + structure["properties"]}.values())

    def object(self, properties: list[dict]) -> dict:
        return {
            "type": "object",
            "properties": {p["name"]: self.schema(p["type"]) for p in properties},
            "required": [p["name"] for p in properties if not p.get("optional")],
        }

    def schema(self, kind: dict) -> dict:
        match kind["kind"]:
            case "base":
                return BASE[kind["name"]]
            case "reference":
                return {"$ref": f"#/$defs/{kind['name']}"}
            case "array":
                return {"type": "array", "items": self.schema(kind["element"])}
            case "map":
                return {"type": "object", "additionalProperties": self.schema(kind["value"])}
            case "or":
                return {"anyOf": [self.schema(item) for item in kind["items"]]}
            case "and":
                return {"allOf": [self.schema(item) for item in kind["items"]]}
            case "tuple":
                items = [self.schema(item) for item in kind["items"]]
                return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
            case "literal":
                return self.object(kind["value"]["properties"])
            case "stringLiteral" | "integerLiteral" | "booleanLiteral":
                return {"const": kind["value"]}
        raise ValueError(f"the meta model has a kind of its own: {kind['kind']}")

    def faults(self, kind: dict | None, value: object) -> list[str]:
        if kind is None:
            return []
        errors = Draft202012Validator({**self.schema(kind), "$defs": self.definitions}).iter_errors(value)
        return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in errors]

    def check(self, record: list[dict]) -> list[str]:
        """What is wrong with a session."""
        faults, waiting = [], {}
        for entry in record:
            who, message = entry["from"], entry["message"]
            method = message.get("method")
            if message.get("jsonrpc") != "2.0":
                faults.append(f"{who}: no JSON-RPC 2.0: {message}")
            if method is None:
                asked = waiting.pop(("client" if who == "server" else "server", message.get("id")), None)
                if asked is None:
                    faults.append(f"{who}: an answer to nothing: {message}")
                elif ("result" in message) == ("error" in message):
                    faults.append(f"{who}: {asked}: either a result or an error: {message}")
                elif "result" in message and asked in self.messages:
                    kind = self.messages[asked].get("result")
                    faults += [f"{who}: answer to {asked}: {why}" for why in self.faults(kind, message["result"])]
                continue
            if "id" in message:
                waiting[who, message["id"]] = method
            if method in self.messages:
                kind = self.messages[method].get("params")
                faults += [f"{who}: {method}: {why}" for why in self.faults(kind, message.get("params"))]
            elif not method.startswith("deepReview/"):
                faults.append(f"{who}: the protocol has no {method}")
        faults += [f"{who}: nobody answered {method}" for (who, _), method in waiting.items()]
        return faults


def main() -> int:
    file, *records = map(Path, sys.argv[1:])
    model, messages, faults = Model(file), 0, []
    # A check that cannot fail is none.
    wrong = {"jsonrpc": "2.0", "method": "textDocument/publishDiagnostics", "params": {"uri": 1, "diagnostics": []}}
    if not model.check([{"from": "server", "message": wrong}]):
        sys.exit("the meta model takes everything")
    for record in records:
        lines = [json.loads(line) for line in record.read_text().splitlines()]
        messages += len(lines)
        faults += [f"{record.name}: {why}" for why in model.check(lines)]
    print("\n".join(faults), end="\n" if faults else "")
    print(f"{messages} messages of {len(records)} sessions, {len(faults)} faults, LSP {model.version}")
    return 1 if faults or not messages else 0


if __name__ == "__main__":
    sys.exit(main())
