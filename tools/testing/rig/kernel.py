# SPDX-License-Identifier: GPL-2.0
"""The kernel under test, unpacked once here.

Xen and its toolstack unpack a bzImage at each boot; under emulation that takes
longer than the rest of a guest's boot. PV and PVH boot the bare ELF as well.
"""

import lzma
import struct
from pathlib import Path

from cache import RigError

SETUP_SECTORS = 0x1F1
PAYLOAD = 0x248         # offset and length, from the end of the setup sectors
XZ = b"\xfd7zXZ\0"


def unpack(image: Path) -> bytes:
    """The ELF kernel inside the bzImage IMAGE."""
    data = image.read_bytes()
    offset, length = struct.unpack_from("<II", data, PAYLOAD)
    start = ((data[SETUP_SECTORS] or 4) + 1) * 512 + offset
    payload = data[start:start + length]
    if not payload.startswith(XZ):
        raise RigError(f"{image} is not packed with xz; the rig knows no other packing")
    return lzma.LZMADecompressor().decompress(payload)
