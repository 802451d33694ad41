"""The words in which a mutant is written, and the list of all of them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from multidict import CIMultiDict

import harness.mutants


class Stage(StrEnum):
    """Where on its way an exchange is broken. The comment gives the function's signature."""

    REQUEST = "request"  # f(sent): client -> proxy; edits in place
    UPSTREAM = "upstream"  # f(sent): proxy -> provider; edits in place
    PROVIDER = "provider"  # f(doc): each JSON document of the provider's answer; edits in place
    HEAD = "head"  # f(reply): status and headers to the client; edits in place
    ANSWER = "answer"  # f(doc, reply): JSON body to the client; edits in place, or gives another
    CHUNK = "chunk"  # f(doc, reply): JSON event to the client; in place, or gives a list instead
    DONE = "done"  # f(reply): at [DONE]; gives a list of bytes instead
    RAW = "raw"  # f(data, reply): bytes of a stream; gives a list of bytes; b"" at the end


@dataclass(slots=True)
class Sent:
    """A request on its way. ``body`` is parsed when it is JSON, else bytes."""

    method: str
    path: str
    headers: CIMultiDict[str]
    body: Any
    deaf: bool = False  # whoever sends it on does not hear its sender hang up


@dataclass(slots=True)
class Reply:
    """An answer on its way to the client; ``memory`` lives as long as the answer."""

    status: int
    headers: CIMultiDict[str]
    request: Sent
    memory: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One broken gateway. ``wrong`` says in a line what is wrong with it."""

    id: str
    wrong: str
    stages: frozenset[Stage]
    function: Callable[..., Any]

    def at(self, stage: Stage) -> Callable[..., Any] | None:
        """Its function, if it has to do with this stage."""
        return self.function if stage in self.stages else None


_ALL: dict[str, Mutant] = {}
_LEGAL: set[str] = set()
_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def mutant(*stages: Stage) -> _Decorator:
    """Register a function under its name, with ``-`` for ``_``; its docstring says what is wrong.

    A function for several stages is given the same arguments in each: ``ANSWER`` and ``CHUNK``
    go together well.
    """
    return lambda function: _register(function, stages)


def variation(*stages: Stage) -> _Decorator:
    """Register what a gateway may do just as well: every case has to pass all the same."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        _LEGAL.add(_id(function))
        return _register(function, stages)

    return register


def _register(function: Callable[..., Any], stages: tuple[Stage, ...]) -> Callable[..., Any]:
    id_ = _id(function)
    if id_ in _ALL:
        raise ValueError(f"mutant {id_} is there twice")
    if not function.__doc__:
        raise ValueError(f"mutant {id_} does not say what it does")
    _ALL[id_] = Mutant(id_, function.__doc__.strip(), frozenset(stages), function)
    return function


def _id(function: Callable[..., Any]) -> str:
    return function.__name__.strip("_").replace("_", "-")


def everything() -> dict[str, Mutant]:
    """All mutants and legal variations by id."""
    for module in pkgutil.iter_modules(harness.mutants.__path__):
        if not module.name.startswith("__"):
            importlib.import_module(f"harness.mutants.{module.name}")
    return dict(_ALL)


def mutants() -> dict[str, Mutant]:
    """All mutants by id."""
    return {id_: found for id_, found in everything().items() if id_ not in _LEGAL}


def variations() -> dict[str, Mutant]:
    """All legal variations by id."""
    return {id_: found for id_, found in everything().items() if id_ in _LEGAL}


def parts(document: Any) -> Iterator[dict[str, Any]]:
    """The message or delta objects of a completion or chunk."""
    for choice in choices(document):
        for key in ("message", "delta"):
            if isinstance(choice.get(key), dict):
                yield choice[key]


def choices(document: Any) -> Iterator[dict[str, Any]]:
    """The choice objects of a completion or chunk."""
    found = document.get("choices") if isinstance(document, dict) else None
    yield from (choice for choice in found or [] if isinstance(choice, dict))
