"""The API for people: its OpenAPI description as one page that loads nothing from anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse

from vtviz.render.report import render

TYPED = {"binary": "file", "string": "text", "integer": "whole number", "boolean": "true or false"}


def description_route(api: FastAPI, prefix: str) -> APIRouter:
    """The route that shows what an API offers to whoever reaches it under a prefix."""
    router = APIRouter()

    @router.get("/docs", include_in_schema=False, response_class=HTMLResponse)
    def docs() -> str:
        return described(api.openapi(), prefix)

    return router


def described(openapi: Mapping[str, Any], prefix: str) -> str:
    """A page of an OpenAPI description: each route with what it takes and what it answers."""
    schemas = openapi.get("components", {}).get("schemas", {})
    answers = [
        {status: _plain(answer.get("description", "")) for status, answer in route["responses"].items()}
        for methods in openapi["paths"].values()
        for route in methods.values()
    ]
    shared = dict(sorted(set.intersection(*(set(each.items()) for each in answers))))
    routes = [
        {
            "method": method.upper(),
            "path": prefix + path,
            "about": _plain(route.get("description") or route.get("summary", "")),
            "fields": [*_parameters(route, schemas), *_fields(route, schemas)],
            "answers": {status: said for status, said in answers.pop(0).items() if status not in shared},
        }
        for path, methods in openapi["paths"].items()
        for method, route in methods.items()
    ]
    info = openapi["info"]
    about = _plain(info.get("description", ""))
    return render("api.html.j2", language="en", version=info["version"], about=about, shared=shared, routes=routes)


def _plain(text: str) -> str:
    return text.replace("`", "")


def _parameters(route: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    for each in route.get("parameters", []):
        yield _field(each["name"], each["schema"] | {"description": each.get("description", "")}, each, schemas)


def _fields(route: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    """What the body of a request holds."""
    for content in route.get("requestBody", {}).get("content", {}).values():
        schema = _resolved(content["schema"], schemas)
        for name, each in schema.get("properties", {}).items():
            yield _field(name, each, {"required": name in schema.get("required", [])}, schemas)


def _field(
    name: str, schema: Mapping[str, Any], about: Mapping[str, Any], schemas: Mapping[str, Any]
) -> dict[str, object]:
    schema = _resolved(schema, schemas)
    default = schema.get("default")
    return {
        "name": name,
        "kind": _kind(schema, schemas),
        "required": bool(about.get("required")),
        "default": "" if default in (None, "") else str(default),
        "about": schema.get("description", ""),
    }


def _kind(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    schema = _resolved(schema, schemas)
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_kind(each, schemas) for each in schema["anyOf"] if each.get("type") != "null"))
    if schema.get("type") == "array":
        return f"{_kind(schema.get('items', {}), schemas)}, any number"
    kind = "binary" if "contentMediaType" in schema else schema.get("format") or schema.get("type") or "object"
    return TYPED.get(kind, kind)


def _resolved(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    return schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
