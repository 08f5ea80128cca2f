"""Every call of the services is in the client of every language, or stands here with the reason;
the reasons of failures and gaps that Go and TypeScript name are those that the services give.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alphapulse.execution.v1 import execution_pb2
from alphapulse.registry.v1 import registry_pb2
from alphapulse.relay.v1 import relay_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
SOURCES = {
    "python": (ROOT / "clients/python/alphapulse_client", "*.py"),
    "go": (ROOT / "clients/go", "*.go"),
    "typescript": (ROOT / "clients/typescript/src", "*.ts"),
}
SERVICES = {
    "registry": registry_pb2.DESCRIPTOR.services_by_name["RegistryService"],
    "execution": execution_pb2.DESCRIPTOR.services_by_name["ExecutionService"],
    "relay": relay_pb2.DESCRIPTOR.services_by_name["MarketDataRelay"],
}
PYTHON_ALONE = {
    "SubmitFrames": "for those who send thousands of orders a second",
    "Attach": "shared memory and NATS are read through the core",
    "RegisterSchema": "belongs to publishing",
    "ListSchemas": "types registered at run time are read through the core",
}


def sources(language: str) -> str:
    place, pattern = SOURCES[language]
    found = (path for path in sorted(place.rglob(pattern)) if not path.name.endswith("_test.go"))
    return "\n".join(path.read_text(encoding="utf-8") for path in found)


def calls() -> Iterator[tuple[str, str]]:
    for service, descriptor in SERVICES.items():
        for method in descriptor.methods:
            if method.name not in PYTHON_ALONE:
                yield service, method.name


@pytest.mark.parametrize("language", SOURCES)
def test_every_call_is_there(language: str) -> None:
    text = sources(language)
    wanted = {
        "python": r"(?:_stub\.|/){0}\b",
        "go": r"(?:stub|relay)\.{0}\(",
        "typescript": r"(?:client|relay|relayClient\(.*\))\.{1}\(",
    }[language]
    missing = {
        f"{service}.{name}"
        for service, name in calls()
        if not re.search(wanted.format(name, name[0].lower() + name[1:]), text)
    }
    assert not missing


def test_every_exception_is_a_call() -> None:
    names = {method.name for service in SERVICES.values() for method in service.methods}
    assert PYTHON_ALONE.keys() <= names


def reasons(language: str) -> set[str]:
    """What a client names as the reason of a failure or of a gap."""
    if language == "go":
        text = (ROOT / "clients/go/reasons.go").read_text(encoding="utf-8")
        return set(re.findall(r'Reason\s+= "([A-Z_]+)"', text))
    text = sources("typescript")
    unions = re.findall(r"^export type \w*Reason =\n(.*?);$", text, re.DOTALL | re.MULTILINE)
    return {name for union in unions for name in re.findall(r'"([A-Z_]+)"', union)}


@pytest.mark.parametrize("language", ["go", "typescript"])
def test_every_reason_is_given(language: str) -> None:
    places = ((ROOT / "services", "*.py"), (ROOT / "core/src", "*.rs"), SOURCES["python"])
    given = {
        name
        for place, pattern in places
        for path in place.rglob(pattern)
        for name in re.findall(r'"([A-Z][A-Z_]+)"', path.read_text(encoding="utf-8"))
    }
    named = reasons(language)
    assert len(named) > 20
    assert named <= given
