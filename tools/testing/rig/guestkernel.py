# SPDX-License-Identifier: GPL-2.0
"""Kernels that guests boot in the place of dom0's: Debian's newest of a series.

Which release that is scripts/fetch-headers says, against whose headers our modules
for it are built; the kernel's package is unpacked beside those in the cache.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

import packages
from cache import CHECKOUT, RigError, cache_dir, locked

SERIES = ("6.12",)


def release(series: str) -> str:
    """Such as 6.12.117+deb12-amd64; empty before setup."""
    headers = sorted((cache_dir() / "headers" / series / "usr/src").glob("linux-headers-*-amd64"))
    return headers[-1].name.removeprefix("linux-headers-") if headers else ""


def root_dir(series: str) -> Path:
    return cache_dir() / "kernels" / series


def image(series: str) -> Path:
    return root_dir(series) / "boot" / f"vmlinuz-{release(series)}"


def module_dir(series: str) -> Path:
    """Where our modules for it are."""
    return CHECKOUT / "build" / f"modules-{release(series)}"


def missing(series: str, ours: bool) -> str:
    """Why no guest can boot it, with modules of OURS; empty if one can."""
    if not release(series) or not image(series).exists():
        return f"no kernel {series} in the cache: run `tools/testing/rig/rig setup {series}`"
    if ours and not (module_dir(series) / "xenbus-mt.ko").exists():
        return f"no modules in {module_dir(series)}: run scripts/build-modules `scripts/fetch-headers {series}`"
    return ""


def fetch(series: str) -> None:
    """The kernel's package, as one merged-/usr tree with an index of its modules."""
    name = f"linux-image-{release(series)}"
    print(f"packages: downloading {name}", flush=True)
    root_dir(series).parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root_dir(series).parent) as folder:
        try:
            packages.run(["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", name], cwd=folder)
        except RigError as error:
            raise RigError(f"{error}\nA newer one may be there: scripts/fetch-headers --refresh {series}") from None
        fresh = Path(folder) / "root"
        packages.lay_out(list(Path(folder).glob("*.deb")), fresh)
        packages.run(["/usr/sbin/depmod", "-b", str(fresh), release(series)])
        shutil.rmtree(root_dir(series), ignore_errors=True)
        fresh.rename(root_dir(series))


def setup(series: str) -> None:
    """Bring the cache up to it; nothing to do when it is."""
    if series not in SERIES:
        raise RigError(f"no such series of kernels: {series} (one of {', '.join(SERIES)})")
    try:
        subprocess.run([CHECKOUT / "scripts/fetch-headers", series], check=True, stdout=subprocess.DEVNULL)
    except subprocess.CalledProcessError as error:
        raise RigError(f"no headers of {series}: {error}") from None
    with locked("setup", "another setup is running, waiting"):
        if not image(series).exists():
            fetch(series)
        print(f"packages: guests can boot {release(series)}")
