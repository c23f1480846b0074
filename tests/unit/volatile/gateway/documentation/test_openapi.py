"""The OpenAPI document against what is served."""

from __future__ import annotations

import pytest

from echoless.retention.endpoints import ENDPOINT_BY_NAME, EndpointClass
from echoless.volatile.gateway.app import product_routes
from echoless.volatile.gateway.documentation.openapi import build_openapi

pytestmark = pytest.mark.unit
DOCUMENT = build_openapi(product_routes())
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}


def references(part: object) -> set[str]:
    if isinstance(part, dict):
        own = {part["$ref"]} if "$ref" in part else set()
        return own.union(*(references(value) for value in part.values()))
    if isinstance(part, list):
        return set().union(*(references(value) for value in part))
    return set()


def test_document_has_each_served_route_and_each_has_a_class() -> None:
    """C3: an operation that is not in the endpoint table would fail here."""
    assert set(OPERATIONS) == {route.endpoint_name for route in product_routes()}
    for name, operation in OPERATIONS.items():
        assert operation["x-retention-class"] == ENDPOINT_BY_NAME[name].retention_class.value


def test_each_operation_that_honours_the_switch_declares_it() -> None:
    for name, operation in OPERATIONS.items():
        declared = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "query"}
        is_honoured = ENDPOINT_BY_NAME[name].retention_class is EndpointClass.HONOURED
        assert ("enable_logging" in declared) == is_honoured, name


def test_each_reference_leads_somewhere() -> None:
    named = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert references(DOCUMENT) <= named


def test_operation_ids_are_unique() -> None:
    identities = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(identities)) == len(identities)
