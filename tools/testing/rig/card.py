# SPDX-License-Identifier: GPL-2.0
"""A newer QEMU, for its network card: that of dom0's own has no network behind it.

Debian has one in its backports, linked to the libraries that dom0 has. A machine need
not have them among its sources: apt is told of them with lists kept in the cache.
"""

import shutil
import tempfile
from pathlib import Path

import packages
from cache import RigError, cache_dir, locked

NAME = "card"
PACKAGE = "qemu-system-xen"
SOURCE = ("deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
          "http://deb.debian.org/debian bookworm-backports main\n")


def root_dir() -> Path:
    return cache_dir() / NAME


def program() -> Path:
    """That QEMU; not there before setup."""
    return root_dir() / "usr/libexec/xen-qemu-system-i386"


def apt(folder: Path) -> list[str]:
    """apt-get, with backports for its only source, and FOLDER for what it keeps."""
    (folder / "lists/partial").mkdir(parents=True)
    (folder / "sources").write_text(SOURCE)
    return ["apt-get", "-qq", "-o", f"Dir::State::lists={folder}/lists", "-o", f"Dir::Etc::sourcelist={folder}/sources",
            "-o", "Dir::Etc::sourceparts=-", "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=",
            "-o", "APT::Sandbox::User=root"]


def fetch() -> None:
    print(f"packages: downloading {PACKAGE} of backports", flush=True)
    with tempfile.TemporaryDirectory(dir=cache_dir()) as folder:
        command = apt(Path(folder))
        packages.run([*command, "update"])
        packages.run([*command, "download", PACKAGE], cwd=folder)
        fresh = Path(folder) / "root"
        packages.lay_out(list(Path(folder).glob("*.deb")), fresh)
        shutil.rmtree(root_dir(), ignore_errors=True)
        fresh.rename(root_dir())


def setup() -> None:
    """Bring the cache up to it; nothing to do when it is."""
    with locked("setup", "another setup is running, waiting"):
        if not program().exists():
            fetch()
        if not program().exists():
            raise RigError(f"no QEMU in {PACKAGE}: {root_dir()}")
        print(f"packages: QEMU for its network card is in {root_dir()}")
