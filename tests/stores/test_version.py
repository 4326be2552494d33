"""What a version is made of.

Verifies: RFC 4918, 15; RFC 6578, 3.2
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from davd.model.resource import COLLECTION, FILE, Resource
from davd.stores.version import version

ROOT = Resource(1, None, "", COLLECTION, "", "", "", 0, 1.0, 1.0, 0, 4, None, "")
HOME = Resource(2, 1, "home", COLLECTION, "ann", "", "", 0, 1.0, 1.0, 3, 7, None, "")
LETTER = Resource(3, 2, "letter", FILE, "ann", '"x-1"', "text/plain", 5, 1.0, 1.0, 7, 0, None, "ab")


def test_what_stands_along_the_chain_is_part_of_it() -> None:
    chain = [ROOT, HOME, LETTER]
    seen = {version(chain, None)}
    changes = [("id", 9), ("name", "other"), ("owner", "bob"), ("revision", 8)]
    for place, (name, value) in product(range(3), changes):
        seen.add(version([replace(each, **{name: value}) if each is chain[place] else each for each in chain], None))
    for name, value in (("etag", '"x-2"'), ("sync_revision", 1)):
        seen.add(version([ROOT, HOME, replace(LETTER, **{name: value})], None))
    assert len(seen) == 1 + 3 * len(changes) + 2


def test_a_counter_of_a_collection_above_is_no_part_of_it() -> None:
    busy = replace(HOME, sync_revision=8, modified=9.0)
    assert version([ROOT, busy, LETTER], None) == version([ROOT, HOME, LETTER], None)


def test_members_and_chains_of_other_lengths_are_never_taken_for_each_other() -> None:
    counters = [(forgotten, count, total) for forgotten in (0, 1) for count in (0, 1) for total in (0, 1)]
    seen = [version([ROOT, HOME], each) for each in counters]
    seen += [version(chain, None) for chain in ([ROOT], [ROOT, HOME], [ROOT, HOME, LETTER], [ROOT, HOME, HOME, HOME])]
    assert len(set(seen)) == len(seen)
