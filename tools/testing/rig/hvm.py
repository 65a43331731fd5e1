# SPDX-License-Identifier: GPL-2.0
"""The boot disk of HVM guests: boot sector, command line, kernel, initrd."""

import struct
import tempfile
from pathlib import Path

import packages
from cache import RIG
from kernel import SETUP_SECTORS

SECTOR = 512
COMMAND_LINE = (1, 4)   # LBA and sectors; dom0 writes it for each guest
PARTS = "<8I I H"       # the end of the boot sector


def boot_sector() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        built, code = Path(folder) / "boot.o", Path(folder) / "boot"
        packages.run(["gcc", "-m32", "-c", "-o", str(built), str(RIG / "guest/boot-sector.S")])
        packages.run(["ld", "-m", "elf_i386", "-Ttext", "0x7c00", "--oformat", "binary",
                      "-o", str(code), str(built)])
        return code.read_bytes()


def padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % SECTOR)


def boot_disk(code: bytes, kernel: bytes, initrd: bytes) -> bytes:
    """A disk that boots KERNEL, a bzImage, with INITRD."""
    setup = (kernel[SETUP_SECTORS] or 4) + 1
    parts, start = [COMMAND_LINE], sum(COMMAND_LINE)
    body = [b"\0" * COMMAND_LINE[1] * SECTOR]
    for data in (kernel[:setup * SECTOR], padded(kernel[setup * SECTOR:]), padded(initrd)):
        parts.append((start, len(data) // SECTOR))
        body.append(data)
        start += len(data) // SECTOR
    numbers = [number for part in parts for number in part]
    end = struct.pack(PARTS, *numbers, len(initrd), 0xAA55)
    return code[:SECTOR - len(end)] + end + b"".join(body)
