# SPDX-License-Identifier: GPL-2.0
"""Boot images: dom0's disk and initrd, the guests' initrd, the shared payload.

dom0's root is a disk made from the package cache alone. What changes with the
checkout (modules, tests, the rig's own scripts, the guests' initrd) is the
payload, a folder that dom0 mounts over 9p, so that an edit needs no new image.
"""

import gzip
import hashlib
import lzma
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import card
import filesystems
import guestkernel
import kernel
import packages
import stubs
from cache import BUILD, CHECKOUT, RIG, RigError, SELFTESTS, locked

PAYLOAD = BUILD / "payload"
DOM0_DISK = BUILD / "dom0.ext4"
DOM0_INITRD = BUILD / "dom0.cpio"
GUEST_BASE = BUILD / "guest-base.cpio"
XEN = BUILD / "xen"
VMLINUX = BUILD / "vmlinux"
VMLINUZ = BUILD / "vmlinuz"
# What tests wait and talk through, and the options to build it with.
HELPERS = {RIG / "dom0/ask.c": ("-static",), RIG / "guest/serve.c": ("-static",), RIG / "dom0/await.c": ("-lxenstore",)}
DOM0_HELPERS = ("ask", "await")
GUEST_PROGRAMS = {"blkpeer": CHECKOUT / "tools/testing/peers", "netpeer": CHECKOUT / "tools/testing/peers",
                  "netload": CHECKOUT / "tools/testing/netload",
                  "p9peer": CHECKOUT / "tools/testing/peers", "sockpeer": CHECKOUT / "tools/testing/peers",
                  "posixfs": CHECKOUT / "tools/testing/posixfs", "posixsock": CHECKOUT / "tools/testing/posixsock",
                  "libxenpv-run.so": CHECKOUT / "tools/xenpv", "xenpv": CHECKOUT / "tools/xenpv",
                  "netbench": CHECKOUT / "tools/testing/bench/netbench",
                  "fsbench": CHECKOUT / "tools/testing/bench/fsbench"}

HOST_TOOLS = ("cpio", "mke2fs", "depmod", "modprobe", "readelf", "nm", "strip", "gcc", "make", "setpriv")

# Of the kernel's modules, what a host of virtual machines can use here.
MODULE_FOLDERS = ("arch", "block", "crypto", "lib", "fs", "net", "virt",
                  "drivers/block", "drivers/char", "drivers/md", "drivers/net/xen-netback",
                  "drivers/net/*.ko", "drivers/virtio", "drivers/xen", "drivers/scsi/*.ko")
DOM0_LEAVES = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/iso-codes",
               "usr/share/xml", "usr/share/perl", "usr/share/perl5", "usr/src", "usr/lib/modules",
               "usr/lib/x86_64-linux-gnu/perl", "usr/lib/ipxe", "usr/lib/udev/hwdb.d", "boot")
DOM0_ALIASES = {"usr/bin/awk": "mawk", "usr/bin/which": "which.debianutils"}    # as postinst does
DOM0_BOOT_MODULES = ("virtio_pci", "virtio_blk", "ext4", "9pnet_virtio", "9p", "virtio_console")
GUEST_MODULES = ("xen-blkfront", "xen-netfront", "9p", "9pnet_xen", "ext4", "xenfs", "xen-evtchn",
                 "xen-gntdev", "xen-gntalloc", "xen-privcmd", "dm-mod", "af_packet", "8021q", "pktgen", "bridge")
GUEST_TOOLS = ("usr/sbin/mke2fs", "usr/sbin/e2fsck", "usr/sbin/blockdev", "usr/bin/fio", "usr/bin/iperf3",
               "usr/sbin/ethtool", *(f"usr/bin/xenstore-{verb}" for verb in ("read", "rm", "watch", "write")),
               "usr/lib/x86_64-linux-gnu/libjson-c.so.5")      # which xenpv loads, too
# Libraries that guests need not load, and what is linked to them: fio's other
# engines, iperf3's authentication.
UNUSED = {
    "usr/bin/fio": ("libgfapi.so.0", "libnbd.so.0", "libibverbs.so.1", "librdmacm.so.1", "librados.so.2",
                    "librbd.so.1", "libpmemblk.so.1", "libpmem.so.1"),
    "usr/lib/x86_64-linux-gnu/libiperf.so.0": ("libcrypto.so.3",),
}
GUEST_ALIASES = {"usr/sbin/mkfs.ext4": "mke2fs", "usr/sbin/fsck.ext4": "e2fsck"}


def require_host_tools() -> None:
    missing = [tool for tool in HOST_TOOLS if not shutil.which(tool, path=search_path())]
    if missing:
        raise RigError(f"not installed here: {', '.join(missing)} (see scripts/install-deps)")


def search_path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def run(argv: list, **options) -> str:
    environment = {**os.environ, "PATH": search_path()}
    return packages.run([str(word) for word in argv], env=environment, **options)


# Libraries and modules that a program or a module needs

def needed(program: Path) -> list[str]:
    return re.findall(r"\(NEEDED\).*\[(.+)\]", run(["readelf", "-d", program]))


def library_folders(root: Path) -> list[Path]:
    base = root / "usr/lib/x86_64-linux-gnu"
    return [base, root / "usr/lib", base / "ceph"]


def libraries(root: Path, programs: list[Path], without: tuple[str, ...] = ()) -> set[Path]:
    """All shared libraries that PROGRAMS load, and what pthread_cancel loads."""
    found: dict[str, Path] = {}
    todo = ["libgcc_s.so.1", "ld-linux-x86-64.so.2"]
    for program in programs:
        todo += needed(program)
    while todo:
        name = todo.pop()
        if name in found or name in without:
            continue
        places = [folder / name for folder in library_folders(root)]
        path = next((place for place in places if place.exists()), None)
        if not path:
            raise RigError(f"the package cache lacks {name}")
        found[name] = path
        todo += needed(path)
    return set(found.values())


def module_chain(tree: Path, names: tuple[str, ...], release: str = "") -> list[Path]:
    """Files of the modules and what they depend on, in the order of loading."""
    chain: dict[Path, None] = {}
    release = release or packages.kernel_release()
    for name in names:
        shown = run(["modprobe", "-d", tree, "-S", release, "--show-depends", name])
        for path in re.findall(r"^insmod (\S+)", shown, re.M):
            chain[Path(path)] = None
    return list(chain)


# Making images

def copy_into(stage: Path, root: Path, path: Path) -> None:
    target = stage / path.relative_to(root)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path.resolve(), target)


def merged_folders(stage: Path) -> None:
    for name in ("bin", "sbin", "lib", "lib64"):
        (stage / "usr" / name).mkdir(parents=True, exist_ok=True)
        if not (stage / name).is_symlink():
            (stage / name).symlink_to(f"usr/{name}")


def static_busybox(root: Path, stage: Path) -> None:
    merged_folders(stage)
    target = stage / "usr/bin/busybox"
    target.unlink(missing_ok=True)
    shutil.copy2(root / "usr/bin/busybox", target)
    shell = stage / "usr/bin/sh"
    shell.unlink(missing_ok=True)
    shell.symlink_to("busybox")


def all_of_busybox(stage: Path) -> None:
    """A link for each of its programs that has no other; a guest makes them at a quarter of a second."""
    folder = stage / "usr/bin"
    for name in run([folder / "busybox", "--list"]).split():
        if not any((stage / place / name).is_symlink() or (stage / place / name).exists()
                   for place in ("usr/bin", "usr/sbin")):
            (folder / name).symlink_to("busybox")


def pack(stage: Path, archive: Path) -> None:
    """An uncompressed initrd: under emulation, unpacking costs more than copying."""
    names = "\0".join(sorted(str(path.relative_to(stage)) for path in stage.rglob("*")))
    with open(archive, "wb") as out:
        subprocess.run(["cpio", "--quiet", "-0", "-o", "-H", "newc", "-R", "0:0"], check=True,
                       cwd=stage, input=names.encode(), stdout=out)


def copy_modules(root: Path, stage: Path) -> Path:
    """A module tree for dom0, with an index that fits what it holds."""
    release = packages.kernel_release()
    source = root / "usr/lib/modules" / release
    target = stage / "usr/lib/modules" / release
    for pattern in MODULE_FOLDERS:
        for path in (source / "kernel").glob(pattern):
            destination = target / path.relative_to(source)
            destination.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if path.is_dir() else shutil.copy2)(path, destination)
    for path in source.glob("modules.*"):
        shutil.copy2(path, target)
    run(["depmod", "-b", stage, release])
    return target


def dom0_disk(root: Path, stage: Path) -> None:
    excludes = [f"--exclude=./{leaf}" for leaf in DOM0_LEAVES]
    with subprocess.Popen(["tar", "-C", root, "-c", *excludes, "."],
                          stdout=subprocess.PIPE) as tar:
        run(["tar", "-C", stage, "-x"], stdin=tar.stdout)
    copy_modules(root, stage)
    static_busybox(root, stage)
    for alias, target in DOM0_ALIASES.items():
        (stage / alias).symlink_to(target)
    for folder in ("dev", "proc", "sys", "run", "tmp", "xpv", "var/lib/xen", "var/lib/xenstored",
                   "var/log/xen", "root"):
        (stage / folder).mkdir(parents=True, exist_ok=True)
    (stage / "var/run").rmdir()
    (stage / "var/run").symlink_to("/run")
    (stage / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (stage / "etc/group").write_text("root:x:0:\n")
    (stage / "etc/mtab").unlink(missing_ok=True)
    (stage / "etc/mtab").symlink_to("/proc/self/mounts")
    size = sum(path.lstat().st_size for path in stage.rglob("*")) // (1 << 20) + 512
    DOM0_DISK.unlink(missing_ok=True)
    run(["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", stage, DOM0_DISK, f"{size}M"])


def dom0_initrd(root: Path, disk_stage: Path, stage: Path) -> None:
    static_busybox(root, stage)
    (stage / "modules").mkdir()
    for number, path in enumerate(module_chain(disk_stage, DOM0_BOOT_MODULES)):
        shutil.copy2(path, stage / "modules" / f"{number:02}-{path.name}")
    shutil.copy2(RIG / "dom0/initrd-init", stage / "init")
    pack(stage, DOM0_INITRD)


def guest_base(root: Path, disk_stage: Path, stage: Path) -> None:
    """What every guest has: busybox, fio, iperf3, file system tools, the in-tree modules."""
    static_busybox(root, stage)
    tools = [root / tool for tool in GUEST_TOOLS]
    for path in [*tools, *libraries(root, tools, sum(UNUSED.values(), ()))]:
        copy_into(stage, root, path)
    for program, unused in UNUSED.items():
        with tempfile.TemporaryDirectory() as folder:
            for stub in stubs.replace(root / program, list(unused), Path(folder)):
                shutil.copy2(stub, stage / "usr/lib/x86_64-linux-gnu")
    (stage / "usr/lib64/ld-linux-x86-64.so.2").symlink_to("../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2")
    for alias, target in GUEST_ALIASES.items():
        (stage / alias).symlink_to(target)
    for path in module_chain(disk_stage, GUEST_MODULES):
        copy_into(stage, disk_stage, path)
    for path in (root / "etc/mke2fs.conf", *(disk_stage / "usr/lib/modules").glob("*/modules.[ob]*")):
        copy_into(stage, root if root in path.parents else disk_stage, path)
    run(["depmod", "-b", stage, packages.kernel_release()])
    all_of_busybox(stage)
    pack(stage, GUEST_BASE)


def guest_modules(series: str, stage: Path) -> None:
    """The in-tree modules of another kernel that guests boot, unpacked."""
    release, tree = guestkernel.release(series), guestkernel.root_dir(series)
    merged_folders(stage)
    for path in module_chain(tree, GUEST_MODULES, release):
        target = stage / path.relative_to(tree)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".xz":
            target.with_suffix("").write_bytes(lzma.decompress(path.read_bytes()))
        else:
            shutil.copy2(path, target)
    for path in (tree / "usr/lib/modules" / release).glob("modules.[ob]*"):
        copy_into(stage, tree, path)
    run(["depmod", "-b", stage, release])


def built_for(series: str, kind: str) -> Path:
    return BUILD / f"{kind}-{series}"


def build_guest_kernel(series: str) -> None:
    """A kernel that guests boot in the place of dom0's, and its modules; kept until it changes."""
    stamp = built_for(series, "stamp")
    digest = hashlib.sha256(SOURCE_DIGEST + guestkernel.release(series).encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return
    print(f"images: unpacking the kernel {guestkernel.release(series)} for guests", flush=True)
    built_for(series, "vmlinux").write_bytes(kernel.unpack(guestkernel.image(series)))
    with tempfile.TemporaryDirectory(dir=BUILD) as stage:
        guest_modules(series, Path(stage))
        pack(Path(stage), built_for(series, "modules"))
    stamp.write_text(digest)


def source_digest() -> bytes:
    """Of the code that makes the base images, as this process runs it."""
    modules = (Path(module.__file__) for module in (kernel, stubs))
    sources = [Path(__file__), *modules, RIG / "dom0/initrd-init", *HELPERS]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).digest()


SOURCE_DIGEST = source_digest()


def base_digest() -> str:
    stamp = packages.stamp_path()
    return hashlib.sha256(SOURCE_DIGEST + stamp.read_bytes()
                          + str(stamp.stat().st_mtime_ns).encode()).hexdigest()


def build_base() -> None:
    """The images that depend on the packages; kept until those change."""
    stamp = BUILD / "base.stamp"
    digest = base_digest()
    if stamp.exists() and stamp.read_text() == digest:
        return
    print("images: building dom0's disk and the initrds", flush=True)
    require_host_tools()
    root = packages.root_dir()
    with tempfile.TemporaryDirectory(dir=BUILD) as scratch:
        stages = {name: Path(scratch) / name for name in ("disk", "initrd", "guest")}
        for stage in stages.values():
            stage.mkdir()
        dom0_disk(root, stages["disk"])
        dom0_initrd(root, stages["disk"], stages["initrd"])
        guest_base(root, stages["disk"], stages["guest"])
    hypervisor = next((root / "boot").glob("xen-4.*-amd64.gz"))
    XEN.write_bytes(gzip.decompress(hypervisor.read_bytes()))
    for source, options in HELPERS.items():
        run(["gcc", "-s", "-O2", "-Wall", "-Wextra", "-Werror", "-o", BUILD / source.stem, source, *options])
    shutil.copy2(kernel_image(), VMLINUZ)
    VMLINUX.write_bytes(kernel.unpack(kernel_image()))
    stamp.write_text(digest)


def kernel_image() -> Path:
    return packages.root_dir() / "boot" / f"vmlinuz-{packages.kernel_release()}"


# The payload: what dom0 sees of the checkout

def default_modules() -> Path:
    return CHECKOUT / "build" / f"modules-{packages.kernel_release()}"


def check_modules(folder: Path) -> None:
    """Refuse modules that were built for another kernel: loading them could only fail."""
    for path in sorted(folder.glob("*.ko")):
        magic = run(["modinfo", "-F", "vermagic", path]).split()
        if not magic or magic[0] != packages.kernel_release():
            raise RigError(f"{path} is built for {magic[0] if magic else 'no kernel'}, the rig boots "
                           f"{packages.kernel_release()}: build with KDIR=`tools/testing/rig/rig kdir`")


def replace_tree(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))


def build_programs(target: Path) -> None:
    """Scripted frontends and traffic, for guests; dom0 has the other end of them in the same programs."""
    target.mkdir()
    for name, source in GUEST_PROGRAMS.items():
        built = BUILD / source.name
        run(["make", "-s", "-C", source, f"OUT={built}", built / name])
        run(["strip", "-o", target / name, built / name])


def guest_overlay(stage: Path, modules: Path) -> None:
    """What guests get from the checkout, appended to their base initrd, with our MODULES."""
    shutil.copy2(RIG / "guest/init", stage / "init")
    (stage / "usr/sbin").mkdir(parents=True)
    for name in ("poweroff", "devd", "fronts"):
        shutil.copy2(RIG / "guest" / name, stage / "usr/sbin" / name)
    shutil.copy2(BUILD / "serve", stage / "usr/sbin/serve")
    for name in GUEST_PROGRAMS:
        shutil.copy2(PAYLOAD / "programs" / name, stage / "usr/sbin" / name)
    shutil.copytree(PAYLOAD / "selftests", stage / "selftests")
    (stage / "modules").mkdir()
    for path in sorted(modules.glob("*.ko")):
        run(["strip", "--strip-debug", "-o", stage / "modules" / path.name, path])


def concatenate(target: Path, parts: list[Path]) -> None:
    with open(target, "wb") as out:
        for part in parts:
            with open(part, "rb") as source:
                shutil.copyfileobj(source, out, 1 << 20)
            out.write(b"\0" * (-out.tell() % 512))


def hvm_payload() -> None:
    """The same for HVM guests, which get each byte through an I/O port: 2 s a megabyte."""
    os.link(VMLINUZ, PAYLOAD / "vmlinuz")
    (PAYLOAD / "guest.cpio.gz").write_bytes(gzip.compress((PAYLOAD / "guest.cpio").read_bytes(), 6))


def guest_initrd(target: Path, modules: Path, parts: list[Path]) -> None:
    """PARTS and the checkout's, with our MODULES."""
    overlay = BUILD / "guest-overlay.cpio"
    with tempfile.TemporaryDirectory(dir=BUILD) as scratch:
        guest_overlay(Path(scratch), modules)
        pack(Path(scratch), overlay)
    concatenate(target, [*parts, overlay])


def guest_kernel_payload(series: str) -> None:
    os.link(built_for(series, "vmlinux"), PAYLOAD / f"vmlinux-{series}")
    guest_initrd(PAYLOAD / f"guest-{series}.cpio", guestkernel.module_dir(series),
                 [GUEST_BASE, built_for(series, "modules")])


def build_payload(modules: Path) -> bool:
    """Gather the payload for a boot; tell whether it holds modules of ours."""
    shutil.rmtree(PAYLOAD, ignore_errors=True)
    PAYLOAD.mkdir(parents=True)
    replace_tree(SELFTESTS, PAYLOAD / "selftests")
    replace_tree(RIG / "dom0", PAYLOAD / "dom0")
    replace_tree(RIG.parent.parent / "hotplug", PAYLOAD / "hotplug")
    for name in DOM0_HELPERS:
        shutil.copy2(BUILD / name, PAYLOAD / "dom0")
    build_programs(PAYLOAD / "programs")
    shutil.copy2(BUILD / "serve", PAYLOAD / "programs")
    if card.program().exists():
        shutil.copy2(card.program(), PAYLOAD / "programs/qemu-card")
    filesystems.copy_to(PAYLOAD / filesystems.NAME)
    (PAYLOAD / "modules").mkdir()
    ours = sorted(modules.glob("*.ko"))
    for path in ours:
        shutil.copy2(path, PAYLOAD / "modules")
    check_modules(PAYLOAD / "modules")
    os.link(VMLINUX, PAYLOAD / "vmlinux")
    guest_initrd(PAYLOAD / "guest.cpio", PAYLOAD / "modules", [GUEST_BASE])
    hvm_payload()
    return bool(ours)


def prepare(modules: Path, kernels: Iterable[str] = ()) -> bool:
    """Everything a boot needs, with KERNELS for guests beside dom0's; rebuilt only where its inputs changed."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with locked("images", "another run is building images, waiting"):
        build_base()
        for series in kernels:
            build_guest_kernel(series)
    ours = build_payload(modules)
    for series in kernels:
        guest_kernel_payload(series)
    return ours
