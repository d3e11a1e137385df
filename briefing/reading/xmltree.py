"""XML from outside as a small tree. Document types are refused, and with them every entity that could grow.

Python's own tree builders expand entities of a document type, which makes gigabytes of a kilobyte; whoever answers
WebDAV or RSS needs none. Names are `namespace local`, such as `DAV: href`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

DEEPEST = 100
MOST_ELEMENTS = 500_000


class NotXml(ValueError):
    """It cannot be read as XML, or is nothing anybody honest would send; the message is a clause."""


@dataclass(slots=True)
class Element:
    """One element with what is in it."""

    name: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its own text, without that of elements in it."""
        return "".join(self.pieces).strip()

    def all(self, name: str) -> Iterator[Element]:
        """The elements of a name directly in it."""
        return (child for child in self.children if child.name == name)

    def first(self, *path: str) -> Element | None:
        """The first element down a path of names; None where it ends before."""
        at: Element | None = self
        for name in path:
            at = next(at.all(name), None) if at is not None else None
        return at

    def text_of(self, *path: str) -> str:
        """The text of the first element down a path; empty where there is none."""
        found = self.first(*path)
        return found.text if found is not None else ""


def parse(data: bytes) -> Element:
    """The root element. Raises NotXml."""
    root = Element("", {})
    open_: list[Element] = [root]
    count = 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(open_) > DEEPEST or count > MOST_ELEMENTS:
            raise NotXml("has more elements than anybody needs")
        element = Element(name, attributes)
        open_[-1].children.append(element)
        open_.append(element)

    def end(name: str) -> None:
        open_.pop()

    def words(text: str) -> None:
        open_[-1].pieces.append(text)

    def refuse(*_: object) -> None:
        raise NotXml("declares a document type")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.CharacterDataHandler = words
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise NotXml(f"is not XML (line {error.lineno})") from error
    except (LookupError, ValueError) as error:  # an encoding nobody knows
        raise error if isinstance(error, NotXml) else NotXml("is in an encoding that is not known") from error
    return root.children[0]
