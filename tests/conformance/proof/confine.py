"""`python -m tests.conformance.proof.confine PLAN COMMAND...`: run a command as the directives of a unit want it.

What systemd would do is done with the kernel's own calls, as far as this machine allows. For each directive it is
written down what became of it. PLAN is a JSON file, see `Plan`.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from tests.conformance.proof import kernel, unit

HONOURED = "honoured"
_NODES = ("null", "zero", "full", "random", "urandom", "tty")


class Plan(msgspec.Struct):
    """What a command is run with.

    `directives` are keys and values of a unit. The folders `writable` and `readable` are seen by the command whatever
    is hidden from it, and but for the former all is read-only. `groups` are folders of control groups by their
    controller, empty where there are none; `calls` the system calls that SystemCallFilter leaves. Into the file
    `report` goes what became of each directive.
    """

    directives: list[tuple[str, str]]
    uid: int
    gid: int
    cwd: str
    writable: list[str]
    readable: list[str]
    calls: list[str]
    groups: dict[str, str]
    report: str


class NotPossible(Exception):
    """A directive cannot be honoured here; the text says why."""


class Confinement:
    """Takes this process step by step to where the directives of a plan want it; the order is that of `STEPS`."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._said = dict(plan.directives)
        self._filter: kernel.Filter | None = None
        self.outcome: dict[str, str] = {}

    def carry_out(self) -> None:
        """Do all that can be done, and note in `outcome` what could not, by directive."""
        for key, step in STEPS.items():
            value = self._said.get(key)
            if value is None or value == "no":
                continue
            try:
                step(self, value)
                self.outcome[key] = HONOURED
            except (OSError, NotPossible) as error:
                self.outcome[key] = f"not honoured: {error}"
        for key in self._said:
            known = unit.PLAYED | unit.LATER
            self.outcome.setdefault(key, known.get(key, "not honoured: this script does not know it"))

    # Bounds

    def memory_max(self, value: str) -> None:
        """The whole service's memory."""
        self._group("memory", ("memory.max", "memory.limit_in_bytes"), str(unit.size(value)))

    def tasks_max(self, value: str) -> None:
        """The whole service's processes and threads."""
        self._group("pids", ("pids.max",), value)

    def _group(self, controller: str, files: tuple[str, ...], value: str) -> None:
        folder = self._plan.groups.get(controller)
        if folder is None:
            raise NotPossible("no control group can be made")
        for name in files:
            file = Path(folder, name)
            if file.exists():
                file.write_text(value)
                Path(folder, "cgroup.procs").write_text(str(os.getpid()))
                return
        raise NotPossible(f"the control group has no {files[0]}")

    def limit_nofile(self, value: str) -> None:
        """Descriptors of each process."""
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if most != resource.RLIM_INFINITY and most < int(value):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
            raise NotPossible(f"no more than {most} descriptors may be had here")
        resource.setrlimit(resource.RLIMIT_NOFILE, (int(value), int(value)))

    def limit_core(self, value: str) -> None:
        """Size of core dumps."""
        resource.setrlimit(resource.RLIMIT_CORE, (int(value), int(value)))

    def umask(self, value: str) -> None:
        """The mode of new files."""
        os.umask(int(value, 8))

    # What is seen of the file system

    def private_mounts(self, _: str) -> None:
        """Mounts of one's own, from here on."""
        kernel.unshare(kernel.CLONE_NEWNS)
        kernel.mount("none", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)

    def _mounts(self) -> None:
        if self.outcome.get("PrivateMounts") != HONOURED:
            raise NotPossible("there are no mounts of its own")

    def _folders(self) -> list[str]:
        return [*self._plan.writable, *self._plan.readable]

    def _hide(self, place: str, mode: str) -> None:
        """Put an empty folder there, in which only the folders of the plan are."""
        if not os.path.isdir(place):
            return
        below = [folder for folder in self._folders() if folder.startswith(place + "/")]
        kept = {folder: os.open(folder, os.O_PATH | os.O_CLOEXEC) for folder in below}
        kernel.mount("tmpfs", place, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, f"mode={mode}")
        # Those that hold others come first.
        for folder in sorted(kept):
            os.makedirs(folder, mode=0o755, exist_ok=True)
            kernel.mount(f"/proc/self/fd/{kept[folder]}", folder, flags=kernel.MS_BIND | kernel.MS_REC)
            os.close(kept[folder])

    def protect_home(self, _: str) -> None:
        """Nobody's home; an interpreter that is there is seen all the same."""
        self._mounts()
        for place in ("/home", "/root", "/run/user"):
            self._hide(place, "0755")

    def private_tmp(self, _: str) -> None:
        """Temporary folders of its own."""
        self._mounts()
        for place in ("/tmp", "/var/tmp"):
            self._hide(place, "1777")

    def private_devices(self, _: str) -> None:
        """Only devices that are none."""
        self._mounts()
        kept = {name: os.open(f"/dev/{name}", os.O_PATH | os.O_CLOEXEC) for name in _NODES}
        kernel.mount("tmpfs", "/dev", "tmpfs", kernel.MS_NOSUID | kernel.MS_NOEXEC, "mode=0755")
        for name, descriptor in kept.items():
            Path("/dev", name).touch()
            kernel.mount(f"/proc/self/fd/{descriptor}", f"/dev/{name}", flags=kernel.MS_BIND)
            os.close(descriptor)
        os.mkdir("/dev/shm")
        kernel.mount("tmpfs", "/dev/shm", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC, "mode=1777")
        os.symlink("/proc/self/fd", "/dev/fd")

    def device_policy(self, _: str) -> None:
        """Where the nodes are not there and none can be made, none can be opened."""
        if self.outcome.get("PrivateDevices") != HONOURED:
            raise NotPossible("the devices are there")

    def protect_proc(self, value: str) -> None:
        """Other users' processes are not seen and, with ProcSubset=pid, nothing else of the kernel."""
        self._mounts()
        subset = ",subset=pid" if self._said.get("ProcSubset") == "pid" else ""
        flags = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
        kernel.mount("proc", "/proc", "proc", flags, f"hidepid={value}{subset}")

    def proc_subset(self, _: str) -> None:
        """Done by the mount of ProtectProc."""
        if os.path.exists("/proc/sys"):
            raise NotPossible("/proc/sys is seen")

    def protect_system(self, value: str) -> None:
        """All is read-only but the folders of the plan, temporary ones and those of devices and processes."""
        self._mounts()
        if value != "strict":
            raise NotPossible(f"this script knows strict, not {value}")
        for folder in self._plan.writable:
            kernel.mount(folder, folder, flags=kernel.MS_BIND | kernel.MS_REC)
        kernel.set_read_only("/")
        temporary = ["/tmp", "/var/tmp"] if self.outcome.get("PrivateTmp") == HONOURED else []
        devices = ["/dev", "/dev/shm"] if self.outcome.get("PrivateDevices") == HONOURED else []
        # Of these alone: folders that are only to be read are mounted in temporary ones.
        for folder in [*temporary, *self._plan.writable, *devices, "/proc"]:
            kernel.set_writable(folder)

    def protect_kernel_tunables(self, _: str) -> None:
        """The kernel's settings are read-only or not seen."""
        self._mounts()
        kernel.set_read_only("/sys")
        if os.path.isdir("/proc/sys"):
            kernel.mount("/proc/sys", "/proc/sys", flags=kernel.MS_BIND | kernel.MS_REC)
            kernel.set_read_only("/proc/sys")

    def protect_control_groups(self, _: str) -> None:
        """Control groups are read-only."""
        self._mounts()
        kernel.set_read_only("/sys/fs/cgroup")

    # Who it is

    def protect_hostname(self, _: str) -> None:
        """A host name of its own, which it cannot change."""
        kernel.unshare(kernel.CLONE_NEWUTS)
        self._refused().refuse("sethostname", errno.EPERM)
        self._refused().refuse("setdomainname", errno.EPERM)

    def keyring_mode(self, value: str) -> None:
        """No keyring is shared with who started it."""
        if value == "private":
            kernel.new_keyring()

    def private_users(self, _: str) -> None:
        """Only root and its own user exist, and root's rights mean nothing outside."""
        kernel.private_users(self._plan.uid, self._plan.gid)

    def capability_bounding_set(self, value: str) -> None:
        """No capability at all."""
        if value:
            raise NotPossible("this script knows the empty set only")
        kernel.drop_bounding_set()

    def ambient_capabilities(self, value: str) -> None:
        """No capability is handed on."""
        if value:
            raise NotPossible("this script knows the empty set only")
        kernel.clear_ambient_set()

    def group(self, _: str) -> None:
        """Its group, and no others."""
        if os.getegid() != self._plan.gid or os.geteuid() == 0:
            os.setgroups([])
            os.setresgid(self._plan.gid, self._plan.gid, self._plan.gid)

    def user(self, _: str) -> None:
        """Its user, which is nobody else's."""
        if self._plan.uid == 0:
            raise NotPossible("there is no other user than root")
        os.setresuid(self._plan.uid, self._plan.uid, self._plan.uid)

    def no_new_privileges(self, _: str) -> None:
        """No program gives it more rights."""
        kernel.no_new_privileges()

    # What it may ask of the kernel

    def _refused(self) -> kernel.Filter:
        """The filter of what is refused; in force with `system_call_filter`, after which no other could be added."""
        if self._filter is None:
            self._filter = kernel.Filter(True, errno.EPERM)
        return self._filter

    def restrict_address_families(self, value: str) -> None:
        """Sockets of these families only."""
        numbers = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}
        allowed = {numbers[word] for word in value.split()}
        most = 64
        for family in set(range(most)) - allowed:
            self._refused().refuse("socket", errno.EAFNOSUPPORT, (0, kernel.Filter.EQUAL, family, 0))
        self._refused().refuse("socket", errno.EAFNOSUPPORT, (0, kernel.Filter.GREATER, most - 1, 0))

    def restrict_namespaces(self, _: str) -> None:
        """No namespaces of its own."""
        refused = self._refused()
        for name in ("unshare", "setns"):
            refused.refuse(name, errno.EPERM)
        # Its flags are in memory, where a filter cannot look; C libraries then use clone.
        refused.refuse("clone3", errno.ENOSYS)
        for bit in (0x00000080, 0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
            refused.refuse("clone", errno.EPERM, (0, kernel.Filter.MASKED, bit, bit))

    def restrict_realtime(self, _: str) -> None:
        """No scheduling before others."""
        for policy in (1, 2, 6):
            self._refused().refuse("sched_setscheduler", errno.EPERM, (1, kernel.Filter.EQUAL, policy, 0))

    def restrict_suid_sgid(self, _: str) -> None:
        """No files whose programs run as somebody else."""
        arguments = {"chmod": 1, "fchmod": 1, "fchmodat": 2, "mkdir": 1, "mkdirat": 2, "creat": 1, "mknod": 1}
        for name, argument in arguments.items():
            for bit in (0o4000, 0o2000):
                self._refused().refuse(name, errno.EPERM, (argument, kernel.Filter.MASKED, bit, bit))

    def lock_personality(self, _: str) -> None:
        """The execution domain stays."""
        self._refused().refuse("personality", errno.EPERM)

    def memory_deny_write_execute(self, _: str) -> None:
        """No memory that is or becomes both writable and executable."""
        refused = self._refused()
        refused.refuse("mmap", errno.EPERM, (2, kernel.Filter.MASKED, 6, 6))
        for name in ("mprotect", "pkey_mprotect"):
            refused.refuse(name, errno.EPERM, (2, kernel.Filter.MASKED, 4, 4))
        refused.refuse("shmat", errno.EPERM, (2, kernel.Filter.MASKED, 0o100000, 0o100000))

    def protect_clock(self, _: str) -> None:
        """The clock is not set."""
        for name in ("adjtimex", "clock_adjtime", "clock_settime", "settimeofday"):
            self._refused().refuse(name, errno.EPERM)

    def protect_kernel_modules(self, _: str) -> None:
        """Modules are neither loaded nor removed."""
        for name in ("init_module", "finit_module", "delete_module"):
            self._refused().refuse(name, errno.EPERM)

    def protect_kernel_logs(self, _: str) -> None:
        """The kernel's log is not read."""
        self._refused().refuse("syslog", errno.EPERM)

    def system_call_architectures(self, value: str) -> None:
        """Calls of this architecture only: so does every filter of libseccomp."""
        if value != "native":
            raise NotPossible("this script knows native only")
        self._refused()

    def system_call_error_number(self, value: str) -> None:
        """What a call gets that is not let through; used by `system_call_filter`."""
        if not hasattr(errno, value):
            raise NotPossible(f"{value} is no error")

    def system_call_filter(self, _: str) -> None:
        """Only these calls, and of these not what was refused before."""
        if self._filter is not None:
            self._filter.load()
        if not self._plan.calls:
            raise NotPossible("systemd-analyze does not tell which calls the groups have")
        allowed = kernel.Filter(False, getattr(errno, self._said.get("SystemCallErrorNumber", "EPERM")))
        # To start the command is this script's, and systemd's, to do.
        allowed.allow([*self._plan.calls, "execve"])
        allowed.load()


STEPS: dict[str, Callable[[Confinement, str], None]] = {
    "MemoryMax": Confinement.memory_max,
    "TasksMax": Confinement.tasks_max,
    "LimitNOFILE": Confinement.limit_nofile,
    "LimitCORE": Confinement.limit_core,
    "KeyringMode": Confinement.keyring_mode,
    "ProtectHostname": Confinement.protect_hostname,
    "PrivateMounts": Confinement.private_mounts,
    "ProtectHome": Confinement.protect_home,
    "PrivateTmp": Confinement.private_tmp,
    "PrivateDevices": Confinement.private_devices,
    "DevicePolicy": Confinement.device_policy,
    "ProtectSystem": Confinement.protect_system,
    "ProtectProc": Confinement.protect_proc,
    "ProcSubset": Confinement.proc_subset,
    "ProtectKernelTunables": Confinement.protect_kernel_tunables,
    "ProtectControlGroups": Confinement.protect_control_groups,
    "UMask": Confinement.umask,
    "PrivateUsers": Confinement.private_users,
    "CapabilityBoundingSet": Confinement.capability_bounding_set,
    "AmbientCapabilities": Confinement.ambient_capabilities,
    "Group": Confinement.group,
    "User": Confinement.user,
    "NoNewPrivileges": Confinement.no_new_privileges,
    "RestrictAddressFamilies": Confinement.restrict_address_families,
    "RestrictNamespaces": Confinement.restrict_namespaces,
    "RestrictRealtime": Confinement.restrict_realtime,
    "RestrictSUIDSGID": Confinement.restrict_suid_sgid,
    "LockPersonality": Confinement.lock_personality,
    "MemoryDenyWriteExecute": Confinement.memory_deny_write_execute,
    "ProtectClock": Confinement.protect_clock,
    "ProtectKernelModules": Confinement.protect_kernel_modules,
    "ProtectKernelLogs": Confinement.protect_kernel_logs,
    "SystemCallArchitectures": Confinement.system_call_architectures,
    "SystemCallErrorNumber": Confinement.system_call_error_number,
    "SystemCallFilter": Confinement.system_call_filter,
}


def main(words: list[str]) -> None:
    """Become the command."""
    plan = msgspec.json.decode(Path(words[0]).read_bytes(), type=Plan)
    report = os.open(plan.report, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    confinement = Confinement(plan)
    confinement.carry_out()
    os.chdir(plan.cwd)
    os.write(report, json.dumps(confinement.outcome).encode())
    kernel.end_with_parent(signal.SIGTERM)
    os.execve(words[1], words[1:], os.environ)


if __name__ == "__main__":
    main(sys.argv[1:])
