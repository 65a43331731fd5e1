# SPDX-License-Identifier: GPL-2.0
"""Empty stand-ins for libraries that a program is linked to but never calls.

Debian's fio is linked to Ceph, Gluster, RDMA and more: 80 MB that every guest
would have to load, and seconds of dynamic linking at each start. In a guest
here it only ever does local I/O, so those libraries are replaced by ones that
define the same symbols and do nothing. iperf3's cryptography is, too.
"""

import re
import subprocess
from collections import defaultdict
from pathlib import Path

import packages

Symbols = dict[str, set[str]]    # version ("" for none) -> names


def undefined_symbols(program: Path) -> Symbols:
    symbols: Symbols = defaultdict(set)
    listing = packages.run(["nm", "-D", "--undefined-only", str(program)])
    for name, version in re.findall(r" [Uw] ([^@\s]+)(?:@(\S+))?", listing):
        symbols[version].add(name)
    return symbols


def versions_of(program: Path, library: str) -> list[str]:
    """The symbol versions that PROGRAM expects of LIBRARY."""
    listing = packages.run(["readelf", "-VW", str(program)])
    _, _, needs = listing.partition("Version needs section")
    for block in re.split(r"Version: 1  File: ", needs)[1:]:
        if block.split()[0] == library:
            return re.findall(r"Name: (\S+)", block)
    return []


def version_script(symbols: Symbols) -> str:
    return "".join(f"{version} {{ global: {' '.join(f'{name};' for name in sorted(names))} }};\n"
                   for version, names in symbols.items() if version)


def build(program: Path, library: str, symbols: Symbols, folder: Path) -> Path:
    """A shared library LIBRARY in FOLDER that defines SYMBOLS."""
    source, script, target = folder / "stub.c", folder / "stub.map", folder / library
    names = sorted(set().union(*symbols.values())) if symbols else []
    source.write_text("".join(f"int {name}(void) {{ return -1; }}\n" for name in names))
    script.write_text(version_script(symbols))
    command = ["gcc", "-shared", "-fPIC", "-fno-builtin", "-w", "-nostdlib", f"-Wl,-soname,{library}",
               "-o", str(target), str(source)]
    if script.stat().st_size:
        command.insert(1, f"-Wl,--version-script={script}")
    packages.run(command)
    return target


def replace(program: Path, libraries: list[str], folder: Path) -> list[Path]:
    """Stand-ins for LIBRARIES of PROGRAM, made in FOLDER.

    Symbols without a version go to the first of LIBRARIES that has none.
    """
    wanted = undefined_symbols(program)
    unversioned = wanted.get("", set())
    stubs = []
    for library in libraries:
        symbols = {version: wanted[version] for version in versions_of(program, library)}
        if not symbols and unversioned:
            symbols, unversioned = {"": unversioned}, set()
        stubs.append(build(program, library, symbols, folder))
    return stubs
