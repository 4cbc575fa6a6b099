"""Parse the XML of a reply into a tree of elements. It refuses DTDs and entities."""

from dataclasses import dataclass, field
from xml.parsers import expat


class NotXml(ValueError):
    """The text is not allowed XML. The message gives the reason and the position."""


@dataclass
class Node:
    """One XML element. `text` is its own text, without the text of its children."""

    name: str
    text: str = ""
    children: list["Node"] = field(default_factory=list)

    def child(self, name: str) -> "Node | None":
        """Return the first child with this name, or None."""
        return next((child for child in self.children if child.name == name), None)


def parse(text: bytes) -> Node:
    """Return the root element. Raises NotXml if the text is not XML or has a DOCTYPE."""
    parser = expat.ParserCreate("utf-8")
    open_nodes = [Node("")]

    def start(name: str, attributes: object) -> None:
        node = Node(name)
        open_nodes[-1].children.append(node)
        open_nodes.append(node)

    def end(name: str) -> None:
        open_nodes.pop()

    def characters(data: str) -> None:
        open_nodes[-1].text += data

    def doctype(*declaration: object) -> None:
        raise NotXml("has a DOCTYPE declaration")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise NotXml(f"is not XML: {error}") from None
    return open_nodes[0].children[0]
