"""The XML that OSS speaks, both ways."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from emulator.core.errors import ApiError
from emulator.oss.errors import MALFORMED_XML

XML_TYPE = "application/xml"
Value = str | int | bool | None | Iterable["Pair"]
Pair = tuple[str, Value]
"""An element and what is in it: text, or more of them. None leaves the element out."""


def document(root: str, pairs: Iterable[Pair]) -> bytes:
    """A document with its declaration; a name may stand in `pairs` as often as it has to."""
    return bytes(ET.tostring(_element(root, pairs), encoding="UTF-8", xml_declaration=True))


def _element(name: str, value: Value) -> ET.Element:
    element = ET.Element(name)
    if isinstance(value, bool):
        element.text = str(value).lower()
    elif isinstance(value, str | int):
        element.text = str(value)
    elif value is not None:
        element.extend(_element(*pair) for pair in value if pair[1] is not None)
    return element


def parsed(body: bytes, root: str) -> ET.Element:
    """The document's root. Raises ApiError MalformedXML when it is none, or not called `root`."""
    try:
        element = ET.fromstring(body)  # noqa: S314 -- as above
    except ET.ParseError:
        raise ApiError(MALFORMED_XML) from None
    if element.tag != root:
        raise ApiError(MALFORMED_XML)
    return element


def text_of(element: ET.Element, name: str) -> str:
    """A child's text. Raises ApiError MalformedXML when there is no such child."""
    text = element.findtext(name)
    if text is None:
        raise ApiError(MALFORMED_XML)
    return text
