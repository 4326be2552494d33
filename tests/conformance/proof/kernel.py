"""System calls that Python has no names for: namespaces, mounts, capabilities, filters of system calls.

Numbers are those of Linux on x86-64 and arm64 alike, where they are not looked up by libseccomp.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
import os
from collections.abc import Iterable

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWUSER = 0x00020000, 0x04000000, 0x10000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_MOVE, MS_REC, MS_PRIVATE = 2, 4, 8, 4096, 8192, 16384, 1 << 18

_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _RDONLY = 442, -100, 0x8000, 1
_PR_SET_NO_NEW_PRIVS, _PR_CAPBSET_DROP, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 38, 24, 47, 4
_PR_SET_PDEATHSIG = 1
_KEYCTL_JOIN_SESSION_KEYRING = 1
_KEYCTL = {"x86_64": 250, "aarch64": 219}

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result


def unshare(flags: int) -> None:
    """Leave namespaces behind for new ones (unshare(2))."""
    _checked(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """mount(2)."""
    arguments = (source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags))
    _checked(_libc.mount(*arguments, options.encode() or None), f"mount on {target}")


class _MountAttr(ctypes.Structure):
    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


def set_read_only(path: str) -> None:
    """Make a mount and all mounts below it read-only (mount_setattr(2))."""
    _set_mount(path, _AT_RECURSIVE, _MountAttr(attr_set=_RDONLY))


def set_writable(path: str) -> None:
    """Make one mount writable again, and none below it."""
    _set_mount(path, 0, _MountAttr(attr_clr=_RDONLY))


def _set_mount(path: str, flags: int, attributes: _MountAttr) -> None:
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    done = _libc.syscall(_MOUNT_SETATTR, _AT_FDCWD, path.encode(), flags, ctypes.byref(attributes), size)
    _checked(done, f"mount_setattr of {path}")


def no_new_privileges() -> None:
    """No program that is started from here on gains rights by its mode or its capabilities."""
    _checked(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")


def end_with_parent(signal: int) -> None:
    """Have the kernel send this process a signal when the one that started it ends."""
    _checked(_libc.prctl(_PR_SET_PDEATHSIG, signal, 0, 0, 0), "prctl")


def drop_bounding_set() -> None:
    """No capability can be had from here on."""
    for capability in range(64):
        try:
            _checked(_libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0), "prctl")
        except OSError as error:
            # Past the last one that this kernel knows.
            if capability and error.errno == errno.EINVAL:
                return
            raise


def clear_ambient_set() -> None:
    """No capability is handed on to programs."""
    _checked(_libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl")


def new_keyring() -> None:
    """Leave the session keyring that was inherited."""
    _checked(_libc.syscall(_KEYCTL[os.uname().machine], _KEYCTL_JOIN_SESSION_KEYRING, None), "keyctl")


def private_users(uid: int, gid: int) -> None:
    """Enter a user namespace that knows root and one user with one group, each by its own number.

    Only a process outside of it may write such a map, so one is forked for that.
    """
    parent = os.getpid()
    entered, told = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.read(entered[0], 1)
            for name, number in (("uid_map", uid), ("gid_map", gid)):
                with open(f"/proc/{parent}/{name}", "w", encoding="ascii") as file:
                    file.write(f"0 0 1\n{number} {number} 1\n")
            os.write(told[1], b"1")
        finally:
            os._exit(0)
    os.close(told[1])
    try:
        unshare(CLONE_NEWUSER)
    finally:
        os.write(entered[1], b"1")
        os.waitpid(child, 0)
    if not os.read(told[0], 1):
        raise OSError("the map of users could not be written")


class Filter:
    """A filter of system calls, made by libseccomp; OSError where there is none.

    `allow` says what becomes of calls without a rule: they are allowed, or refused with `error`.
    """

    _ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
    _BAD_ARCHITECTURE = 2
    EQUAL, GREATER, MASKED = 4, 6, 7

    class _Compare(ctypes.Structure):
        _fields_ = (
            ("arg", ctypes.c_uint),
            ("op", ctypes.c_int),
            ("datum_a", ctypes.c_uint64),
            ("datum_b", ctypes.c_uint64),
        )

    def __init__(self, allow: bool, error: int) -> None:
        name = ctypes.util.find_library("seccomp")
        if name is None:
            raise OSError("libseccomp is not installed")
        self._library = library = ctypes.CDLL(name, use_errno=True)
        library.seccomp_init.restype = ctypes.c_void_p
        self._allow = allow
        self._context = ctypes.c_void_p(library.seccomp_init(self._ALLOW if allow else self._ERRNO | error))
        # SystemCallArchitectures=native kills; what asks in another architecture is no davd.
        self._done(library.seccomp_attr_set(self._context, self._BAD_ARCHITECTURE, ctypes.c_uint32(self._KILL)))

    @staticmethod
    def _done(result: int) -> None:
        if result < 0:
            raise OSError(-result, os.strerror(-result), "libseccomp")

    def _number(self, name: str) -> int | None:
        number: int = self._library.seccomp_syscall_resolve_name(name.encode())
        return None if number < 0 else number

    def allow(self, names: Iterable[str]) -> None:
        """Let these calls through; names that this architecture does not have are left out."""
        for number in filter(None.__ne__, map(self._number, names)):
            self._done(self._library.seccomp_rule_add_array(self._context, self._ALLOW, number, 0, None))

    def refuse(self, name: str, error: int, *conditions: tuple[int, int, int, int]) -> None:
        """Refuse a call when all conditions hold: number of the argument, comparison, and its two values."""
        number = self._number(name)
        if number is None:
            return
        compared = (self._Compare * len(conditions))(*(self._Compare(*condition) for condition in conditions))
        added = self._library.seccomp_rule_add_array(
            self._context, self._ERRNO | error, number, len(conditions), compared
        )
        self._done(added)

    def load(self) -> None:
        """Have it in force for this process and all that come of it."""
        self._done(self._library.seccomp_load(self._context))
        self._library.seccomp_release(self._context)
