# SPDX-License-Identifier: GPL-2.0
"""Programs that make and check file systems which dom0's disk has no use for.

Only long tests want them, so they are not among dom0's packages, but in a folder of
the payload, beside those of their libraries that dom0 does not have.
"""

import shutil
import tempfile
from pathlib import Path

import packages
from cache import RigError, cache_dir, locked

NAME = "filesystems"
PACKAGES = ("xfsprogs", "libinih1", "liburcu8", "btrfs-progs", "liblzo2-2", "f2fs-tools")
PROGRAMS = ("mkfs.xfs", "xfs_repair", "mkfs.btrfs", "btrfs", "mkfs.f2fs", "fsck.f2fs")
LIBRARIES = ("libinih.so.1", "liburcu.so.8", "liblzo2.so.2")


def root_dir() -> Path:
    return cache_dir() / NAME


def files() -> list[Path]:
    """All of them; none before setup."""
    usr = root_dir() / "usr"
    places = [folder / name for name in PROGRAMS for folder in (usr / "bin", usr / "sbin")]
    places += [usr / "lib/x86_64-linux-gnu" / name for name in LIBRARIES]
    return [place for place in places if place.exists()]


def is_complete() -> bool:
    return len(files()) == len(PROGRAMS) + len(LIBRARIES)


def copy_to(folder: Path) -> None:
    folder.mkdir()
    for path in files():
        shutil.copy2(path.resolve(), folder / path.name)


def fetch() -> None:
    print(f"packages: downloading {', '.join(PACKAGES)}", flush=True)
    with tempfile.TemporaryDirectory(dir=cache_dir()) as folder:
        packages.run(["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", *PACKAGES], cwd=folder)
        fresh = Path(folder) / "root"
        packages.lay_out(list(Path(folder).glob("*.deb")), fresh)
        shutil.rmtree(root_dir(), ignore_errors=True)
        fresh.rename(root_dir())


def setup() -> None:
    """Bring the cache up to them; nothing to do when it is."""
    with locked("setup", "another setup is running, waiting"):
        if not is_complete():
            fetch()
        if not is_complete():
            raise RigError(f"not all of {', '.join(PROGRAMS + LIBRARIES)}: {root_dir()}")
        print(f"packages: programs of further file systems are in {root_dir()}")
