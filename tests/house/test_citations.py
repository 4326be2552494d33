"""What counts as naming one's source.

Verifies: docs/architecture.md, Rules
"""

import pytest

from tests.house.citations import Citation, Unreadable, citations


def test_documents_and_sections_are_told_apart() -> None:
    text = "Does it.\n\n    Implements: RFC 3986, 3.3, 6.2.2; RFC 4918, 5.2\n    "
    assert list(citations(text)) == [
        Citation("Implements", "RFC 3986", ("3.3", "6.2.2")),
        Citation("Implements", "RFC 4918", ("5.2",)),
    ]


def test_a_comma_at_the_end_carries_on_in_the_next_line() -> None:
    assert list(citations("Verifies: RFC 9110, 13.1,\n    13.2\n\nMore words, 14")) == [
        Citation("Verifies", "RFC 9110", ("13.1", "13.2"))
    ]


def test_a_page_of_docs_is_a_source() -> None:
    assert list(citations("Verifies: docs/architecture.md, Data")) == [
        Citation("Verifies", "docs/architecture.md", ("Data",))
    ]


def test_a_specification_without_a_number_goes_by_its_title() -> None:
    assert list(citations("Implements: Namespaces in XML 1.0, 3; RFC 4918, 17")) == [
        Citation("Implements", "Namespaces in XML 1.0", ("3",)),
        Citation("Implements", "RFC 4918", ("17",)),
    ]


def test_a_whole_document_may_be_meant() -> None:
    assert list(citations("Implements: RFC 5397")) == [Citation("Implements", "RFC 5397", ())]


@pytest.mark.parametrize("line", ["Implements:", "Implements: RFC4918, 9", "Verifies: the spec", "Verifies: RFC 1234,"])
def test_another_form_is_refused(line: str) -> None:
    with pytest.raises(Unreadable):
        list(citations(line))
