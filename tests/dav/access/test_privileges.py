"""The privilege tree.

Verifies: RFC 3744, 3, 5.3
"""

import pytest

from davd.dav.access import privileges
from davd.dav.access.privileges import expand


class TestExpand:
    """Verifies: RFC 3744, 3.12"""

    def test_write_contains_what_it_must(self):
        assert expand(privileges.WRITE) == {
            privileges.WRITE,
            privileges.BIND,
            privileges.UNBIND,
            privileges.WRITE_PROPERTIES,
            privileges.WRITE_CONTENT,
        }

    def test_all_contains_every_name_of_the_module(self):
        names = {value for name, value in vars(privileges).items() if name.isupper() and isinstance(value, str)}
        assert expand(privileges.ALL) == names
        assert len(names) == 12

    def test_read_contains_free_busy_and_the_own_privileges(self):
        """Verifies: RFC 4791, 6.1.1"""
        assert expand(privileges.READ) == {
            privileges.READ,
            privileges.READ_FREE_BUSY,
            privileges.READ_CURRENT_USER_PRIVILEGE_SET,
        }
        assert expand(privileges.READ_FREE_BUSY) == {privileges.READ_FREE_BUSY}

    def test_a_leaf_is_itself(self):
        assert expand(privileges.BIND) == {privileges.BIND}

    def test_several_are_joined(self):
        assert expand(privileges.UNBIND, privileges.BIND) == {privileges.UNBIND, privileges.BIND}

    def test_an_unknown_name(self):
        with pytest.raises(KeyError):
            expand("{DAV:}no-such")
