# SPDX-License-Identifier: GPL-2.0
"""Debian packages: resolved, downloaded and unpacked into the cache."""

import re
import shutil
import subprocess
import urllib.parse
from pathlib import Path

from cache import RIG, RigError, cache_dir, locked

LIST = RIG / "packages.list"
KERNEL_META = "linux-image-amd64"
MERGED_DIRS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")


def packages_dir() -> Path:
    return cache_dir() / "packages"


def root_dir() -> Path:
    """The unpacked tree: what the packages' files look like when installed."""
    return cache_dir() / "root"


def stamp_path() -> Path:
    return cache_dir() / "setup.stamp"


def recorded() -> list[str]:
    """What the cache holds: the kernel's release, then the packages asked for."""
    try:
        return stamp_path().read_text().split()
    except OSError:
        return []


def is_complete() -> bool:
    """Whether the cache holds what this checkout's package list asks for."""
    have = recorded()
    return bool(have) and set(sum(wanted(have[0]).values(), [])) <= set(have[1:])


def kernel_release() -> str:
    """The release of the kernel in the cache, such as 6.1.0-56-amd64."""
    if not is_complete():
        raise RigError("the package cache is not set up: run `tools/testing/rig/rig setup`")
    return recorded()[0]


def run(argv: list[str], **options) -> str:
    result = subprocess.run(argv, text=True, capture_output=True, **options)
    if result.returncode:
        raise RigError(f"`{' '.join(argv)}` failed:\n{result.stderr.strip()[-2000:]}")
    return result.stdout


def candidate_release() -> str:
    """The kernel release that the distribution's kernel package depends on now."""
    depends = run(["apt-cache", "depends", KERNEL_META])
    found = re.search(r"Depends: linux-image-(\S+)", depends)
    if not found:
        raise RigError(f"apt knows no {KERNEL_META}: run `apt-get update` first")
    return found.group(1)


def wanted(release: str) -> dict[str, list[str]]:
    """The package list, its placeholders filled in for kernel RELEASE."""
    abi = release.rsplit("-", 1)[0]
    series = ".".join(release.split(".")[:2])
    names: dict[str, list[str]] = {"closure": [], "alone": []}
    for line in LIST.read_text().splitlines():
        fields = line.split("#")[0].split()
        if fields:
            how, name = fields
            name = name.replace("@RELEASE@", release).replace("@ABI@", abi)
            names[how].append(name.replace("@SERIES@", series))
    return names


def download(names: dict[str, list[str]]) -> None:
    """Fetch what is missing, checksums verified by apt; nothing is installed."""
    folder = packages_dir()
    (folder / "partial").mkdir(parents=True, exist_ok=True)
    empty = folder / "empty-status"
    empty.touch()
    apt = ["apt-get", "-qq", "-y", "-o", f"Dir::Cache::archives={folder}",
           "-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User=root"]
    as_empty = ["-o", f"Dir::State::status={empty}", "--no-install-recommends"]
    run(apt + as_empty + ["--download-only", "install"] + names["closure"])
    run(apt + ["download"] + names["alone"], cwd=folder)


def package_name(deb: Path) -> str:
    return urllib.parse.unquote(deb.name).split("_")[0]


def newest_debs() -> list[Path]:
    """One file a package: an older version left by an earlier setup loses."""
    newest: dict[str, Path] = {}
    for deb in sorted(packages_dir().glob("*.deb"), key=lambda path: path.stat().st_ctime):
        newest[package_name(deb)] = deb
    return sorted(newest.values())


def lay_out(debs: list[Path], fresh: Path) -> None:
    """Unpack packages as one merged-/usr tree, the new folder FRESH."""
    fresh.mkdir(parents=True)
    for name in MERGED_DIRS:
        (fresh / "usr" / name).mkdir(parents=True)
        (fresh / name).symlink_to(f"usr/{name}")
    for deb in debs:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as tar:
            run(["tar", "-x", "--keep-directory-symlink", "-C", str(fresh)], stdin=tar.stdout)
        if tar.returncode:
            raise RigError(f"{deb} is damaged: delete it and run setup again")


def unpack(debs: list[Path]) -> None:
    """Lay the packages out, and swap them in whole."""
    fresh = cache_dir() / "root.new"
    shutil.rmtree(fresh, ignore_errors=True)
    lay_out(debs, fresh)
    shutil.rmtree(root_dir(), ignore_errors=True)
    fresh.rename(root_dir())


def relocate_headers(release: str) -> None:
    """Make the headers' absolute paths point into the cache, so that they build modules."""
    common = f"linux-headers-{release.rsplit('-', 1)[0]}-common"
    headers = root_dir() / "usr/src" / f"linux-headers-{release}"
    makefile = headers / "Makefile"
    text = makefile.read_text().replace(f"/usr/src/{common}", str(root_dir() / "usr/src" / common))
    makefile.write_text(text)


def kdir() -> Path:
    """A build folder for exactly the kernel that the rig boots."""
    release = kernel_release()
    installed = Path("/lib/modules") / release / "build"
    cached = root_dir() / "usr/src" / f"linux-headers-{release}"
    for folder in (cached, installed):
        if (folder / "Module.symvers").exists():
            return folder
    raise RigError(f"no headers of {release}, neither in the cache nor installed")


def setup() -> None:
    """Bring the cache up to this checkout's package list; nothing to do when it is."""
    with locked("setup", "another setup is running, waiting"):
        if is_complete():
            print(f"packages: complete in {cache_dir()} (kernel {kernel_release()})")
            return
        if not shutil.which("apt-get"):
            raise RigError("the rig takes its host from Debian packages and needs apt-get")
        release = candidate_release()
        names = wanted(release)
        print(f"packages: downloading into {packages_dir()}", flush=True)
        download(names)
        debs = newest_debs()
        for deb in debs:
            print(f"  {urllib.parse.unquote(deb.name)}")
        print(f"packages: unpacking {len(debs)} into {root_dir()}", flush=True)
        unpack(debs)
        relocate_headers(release)
        stamp_path().write_text("\n".join([release, *names["closure"], *names["alone"]]) + "\n")
