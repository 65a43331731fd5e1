# SPDX-License-Identifier: GPL-2.0
"""One boot of the emulated Xen host, and the channel to the agent in its dom0."""

import os
import re
import select
import shlex
import shutil
import socket
import subprocess
import time
from pathlib import Path

import image
from cache import RigError

QEMU = "qemu-system-x86_64"
BOOT_LIMIT = 300
BOOT_SILENCE = 45   # seconds without a word on the console: it hangs
USUAL_BOOT = 15     # seconds, on an idle machine
# What costs an emulated host time and tells tests nothing: guards against a processor's
# speculation, and programs at other addresses each time, where they are translated anew.
QUICK = "mitigations=off norandmaps"
# Without rdrand programs wait seconds for random numbers, in dom0 and in each guest.
CPU = "qemu64,+svm,+npt,+rdrand"
# How processors run, what QEMU's -accel gets, and more options: a thread of the machine for
# each; or in turns, each as long as it can before the others see any of it. Then the clock
# counts what they execute, a nanosecond an instruction, and skips what they only wait for.
Regime = tuple[str, tuple[str, ...]]
PARALLEL: Regime = ("tcg,thread=multi", ())
TURNS: Regime = ("tcg,thread=single", ("-icount", "shift=0,sleep=off"))
XEN_CONSOLE = b"\x01\x01\x01"     # switches the console between dom0 and Xen
XEN_KEYS = (b"d", b"0", b"q", b"e")    # registers of the processors and of dom0, domains, event channels
CONSOLE = "console.log"
# Frames of grants: a guest with 64 vifs of the in-tree frontend needs more than the usual 64.
# The log: a list of all grants is to fit in it, see lib/census.sh.
XEN_OPTIONS = ("console=com1 com1=115200,8n1 dom0_mem=1536M gnttab_max_frames=128 spec-ctrl=no xpti=no bootscrub=0"
               " conring_size=256k loglvl=warning guest_loglvl=warning")
DOM0_OPTIONS = "console=hvc0 cryptomgr.notests panic_on_warn=1 oops=panic panic=-1 sysctl.kernel.hung_task_timeout_secs=60"


class HostDied(Exception):
    """The emulated host ended or stopped answering; LINES is what a test had printed."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.lines: list[str] = []


def qemu_arguments(dom0_options: str, logs: Path, regime: Regime = PARALLEL) -> list[str]:
    tcg, more = regime
    dom0 = f"{image.VMLINUX} {DOM0_OPTIONS} {dom0_options},{image.DOM0_INITRD}"
    return [
        "setpriv", "--pdeathsig", "KILL", QEMU,
        "-machine", "q35", "-cpu", CPU, "-smp", "2", "-m", "4096", "-accel", tcg, "-display", "none", "-no-reboot", "-nic", "none",
        "-kernel", str(image.XEN), "-append", XEN_OPTIONS, "-initrd", dom0,
        "-drive", f"file={image.DOM0_DISK},format=raw,if=virtio,snapshot=on",
        "-fsdev", f"local,id=payload,path={image.PAYLOAD},security_model=none,readonly=on",
        "-device", "virtio-9p-pci,fsdev=payload,mount_tag=payload",
        "-fsdev", f"local,id=logs,path={logs},security_model=none",
        "-device", "virtio-9p-pci,fsdev=logs,mount_tag=logs", *more,
    ]


def require_qemu() -> None:
    if not shutil.which(QEMU):
        raise RigError(f"{QEMU} is not installed here (see scripts/install-deps)")


class Host:
    """A running host. Use as a context: it is stopped, or killed, on the way out."""

    boot_messages: list[re.Pattern] = []    # that its boot may print

    def __init__(self, logs: Path, dom0_options: str = QUICK, regime: Regime = PARALLEL,
                 qemu_options: tuple[str, ...] = ()):
        require_qemu()
        self.logs = logs
        self.console = logs / CONSOLE
        self._buffer = b""
        self._requests = 0
        self.slowness = 1
        self._channel, theirs = socket.socketpair()
        self.console.touch()
        arguments = qemu_arguments(dom0_options, logs, regime) + [
            *qemu_options,
            "-chardev", f"pty,id=com1,logfile={self.console}",
            "-serial", "chardev:com1", "-monitor", "none",
            "-chardev", f"socket,id=agent,fd={theirs.fileno()}",
            "-device", "virtio-serial-pci",
            "-device", "virtserialport,chardev=agent,name=xpv.agent",
        ]
        self._started = time.monotonic()
        with theirs, open(logs / "qemu.log", "wb") as qemu_log:
            self._qemu = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=qemu_log,
                                          stderr=qemu_log, pass_fds=[theirs.fileno()])
        self._transcript = open(logs / "agent.log", "wb")

    def __enter__(self) -> "Host":
        return self

    def __exit__(self, exception, *_) -> None:
        if exception:
            self._qemu.kill()
        self.stop()
        self._channel.close()
        self._transcript.close()

    def examine(self) -> None:
        """Have Xen tell, on the console, what a host that does not answer is doing."""
        port = re.search(r"redirected to (\S+)", (self.logs / "qemu.log").read_text())
        if not port or self._qemu.poll() is not None:
            return
        with open(port.group(1), "r+b", buffering=0) as console:
            for keys in (XEN_CONSOLE, *XEN_KEYS):
                console.write(keys)
                while select.select([console], [], [], 2)[0]:
                    console.read(65536)

    def stop(self) -> None:
        """Power off in an orderly way; kill what does not follow."""
        try:
            self._channel.sendall(b"poweroff\n")
            self._qemu.wait(timeout=15)
        except (OSError, subprocess.TimeoutExpired):
            self._qemu.kill()
            self._qemu.wait()

    def wait_ready(self) -> float:
        """Wait until dom0's agent answers; the seconds that the boot took."""
        deadline = time.monotonic() + BOOT_LIMIT
        said, since = 0, time.monotonic()
        while not self._answers(1):
            now, length = time.monotonic(), self.console.stat().st_size
            if length > said:
                said, since = length, now
            if now - since > BOOT_SILENCE or now > deadline:
                self.examine()
                raise HostDied("dom0 hangs as it boots")
        self._line(deadline)
        seconds = time.monotonic() - self._started
        self.slowness = min(max(1, round(seconds / USUAL_BOOT)), 5)
        return seconds

    def run(self, test: str, limit: int, environment: dict[str, str],
            on_line=None) -> tuple[int, list[str]]:
        """Run a test in dom0: its exit status and the lines it printed.

        The host may be slow or busy: LIMIT is stretched as its boot was.
        """
        limit *= self.slowness
        environment = {**environment, "XPV_SLOW": str(self.slowness)}
        self._requests += 1
        ident = f"{os.getpid()}.{self._requests}"
        words = [ident, str(limit), test, *(f"{name}={value}" for name, value in environment.items())]
        self._send(f"run {shlex.join(words)}\n")
        deadline = time.monotonic() + limit + 90
        lines: list[str] = []
        while True:
            try:
                line = self._line(deadline)
            except HostDied as death:
                death.lines = lines
                raise
            if line.startswith(f"@end {ident} "):
                return int(line.split()[2]), lines
            lines.append(line)
            if on_line:
                on_line(line)

    def _send(self, text: str) -> None:
        try:
            self._channel.sendall(text.encode())
        except OSError:
            raise HostDied("the host ended") from None

    def _answers(self, seconds: float) -> bool:
        return bool(select.select([self._channel], [], [], max(0, seconds))[0])

    def _line(self, deadline: float) -> str:
        while b"\n" not in self._buffer:
            if not self._answers(deadline - time.monotonic()):
                self.examine()
                raise HostDied("dom0 does not answer")
            data = self._channel.recv(65536)
            if not data:
                raise HostDied("the host ended: dom0 or Xen died")
            self._transcript.write(data)
            self._transcript.flush()
            self._buffer += data
        line, self._buffer = self._buffer.split(b"\n", 1)
        return line.decode(errors="replace").rstrip("\r")


def interactive(logs: Path) -> int:
    """A dom0 shell on this terminal; Ctrl-A X ends it."""
    require_qemu()
    arguments = qemu_arguments("xpv.shell loglevel=4", logs)
    return subprocess.call(arguments + ["-serial", "mon:stdio"])
