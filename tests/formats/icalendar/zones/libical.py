"""libical's reading of a VTIMEZONE, to compare with: it is what Evolution, KDE, Cyrus and others calculate by."""

from __future__ import annotations

import ctypes
import functools
from typing import Any

_FIELDS = "year month day hour minute second is_date is_daylight".split()


class _Time(ctypes.Structure):
    _fields_ = [*((name, ctypes.c_int) for name in _FIELDS), ("zone", ctypes.c_void_p)]


@functools.cache
def _library() -> Any:
    library = ctypes.CDLL("libical.so.3")
    pointer = ctypes.c_void_p
    for name, result, arguments in (
        ("icalparser_parse_string", pointer, [ctypes.c_char_p]),
        ("icaltimezone_new", pointer, []),
        ("icaltimezone_set_component", ctypes.c_int, [pointer, pointer]),
        ("icaltimezone_free", None, [pointer, ctypes.c_int]),
        ("icaltimezone_get_utc_timezone", pointer, []),
        ("icaltime_from_timet_with_zone", _Time, [ctypes.c_long, ctypes.c_int, pointer]),
        ("icaltimezone_get_utc_offset_of_utc_time", ctypes.c_int, [pointer, ctypes.POINTER(_Time), pointer]),
    ):
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library


class LibicalZone:
    """The zone that libical makes of a VTIMEZONE component."""

    def __init__(self, vtimezone: bytes) -> None:
        library = _library()
        self._zone = library.icaltimezone_new()
        self._utc = library.icaltimezone_get_utc_timezone()
        assert library.icaltimezone_set_component(self._zone, library.icalparser_parse_string(vtimezone))

    def close(self) -> None:
        """Give the memory back."""
        _library().icaltimezone_free(self._zone, 1)

    def offset(self, instant: int) -> int:
        """By how much the clock is ahead at an instant."""
        library = _library()
        time = library.icaltime_from_timet_with_zone(instant, 0, self._utc)
        return int(library.icaltimezone_get_utc_offset_of_utc_time(self._zone, ctypes.byref(time), None))
