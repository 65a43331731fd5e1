# SPDX-License-Identifier: GPL-2.0
"""The kernel under test, unpacked once here.

Xen and its toolstack unpack a bzImage at each boot; under emulation that takes
longer than the rest of a guest's boot. PV and PVH boot the bare ELF as well,
without the zeros that it ends in: 24 MB that each boot would copy.
"""

import lzma
import shutil
import struct
import subprocess
from pathlib import Path

from cache import RigError

SETUP_SECTORS = 0x1F1
PAYLOAD = 0x248         # offset and length, from the end of the setup sectors
XZ = b"\xfd7zXZ\0"
ZSTD = b"\x28\xb5\x2f\xfd"
LENGTH = 4              # of what is unpacked, behind it
PROGRAM_HEADERS = 0x20      # of an ELF file: where they begin
SECTION_HEADERS = 0x28
PROGRAM_HEADER_COUNT = 0x38
SECTION_HEADER_COUNT = 0x3C     # and the index of the one with their names
PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")


def unpack(image: Path) -> bytes:
    """The ELF kernel inside the bzImage IMAGE."""
    data = image.read_bytes()
    offset, length = struct.unpack_from("<II", data, PAYLOAD)
    start = ((data[SETUP_SECTORS] or 4) + 1) * 512 + offset
    payload = data[start:start + length]
    if payload.startswith(XZ):
        return without_tail(lzma.LZMADecompressor().decompress(payload))
    if payload.startswith(ZSTD):
        return without_tail(unpack_zstd(payload[:-LENGTH]))
    raise RigError(f"{image} is packed neither with xz nor with zstd; the rig knows no other packing")


def unpack_zstd(payload: bytes) -> bytes:
    if not shutil.which("zstd"):
        raise RigError("zstd is not installed here (see scripts/install-deps)")
    result = subprocess.run(["zstd", "-dc"], input=payload, capture_output=True, check=False)
    if result.returncode:
        raise RigError(f"zstd: {result.stderr.decode().strip()}")
    return result.stdout


def without_tail(elf: bytes) -> bytes:
    """ELF without the zeros at the end of its last segment, which loaders supply, and its sections."""
    first, = struct.unpack_from("<Q", elf, PROGRAM_HEADERS)
    count, = struct.unpack_from("<H", elf, PROGRAM_HEADER_COUNT)
    places = [first + number * PROGRAM_HEADER.size for number in range(count)]
    segments = {place: list(PROGRAM_HEADER.unpack_from(elf, place)) for place in places}
    last = max(segments, key=lambda place: segments[place][2])
    _, _, offset, _, _, size, _, _ = segments[last]
    segments[last][5] = len(elf[offset:offset + size].rstrip(b"\0"))
    short = bytearray(elf[:offset + segments[last][5]])
    PROGRAM_HEADER.pack_into(short, last, *segments[last])
    struct.pack_into("<Q", short, SECTION_HEADERS, 0)
    struct.pack_into("<HH", short, SECTION_HEADER_COUNT, 0, 0)
    return bytes(short)
