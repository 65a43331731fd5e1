# SPDX-License-Identifier: GPL-2.0
"""Where in the hypervisor and the kernel the things that are counted happen."""

import re
import subprocess
import urllib.parse
from pathlib import Path

import packages
from cache import BUILD, RigError, cache_dir

COUNTERS = 128          # of counter.c
MARK = "__x64_sys_swapoff"

# What the plugin counts without a symbol, in its order.
FIXED = ("xen_instructions", "kernel_instructions", "user_instructions", "xen_copied", "kernel_copied",
         "xen_cleared", "kernel_cleared")

# Each counter and the functions whose calls it counts. Dom0 and guests run the
# same kernel at the same addresses: what the kernel does is their sum.
XEN = {
    "hypercalls_pv": ("pv_hypercall",),
    "hypercalls_hvm": ("hvm_hypercall",),
    "vmexits": ("svm_vmexit_handler",),
    "hc_event": ("do_event_channel_op",),
    "hc_grant": ("do_grant_table_op",),
    "hc_sched": ("do_sched_op",),
    "hc_iret": ("do_iret",),
    "hc_multicall": ("do_multicall",),
    "hc_mmuext": ("do_mmuext_op",),
    "hc_timer": ("do_set_timer_op",),
    "hc_vcpu": ("do_vcpu_op",),
    "event_sends": ("evtchn_send",),
    "vcpu_wakes": ("vcpu_wake",),
    "grant_copies": ("acquire_grant_for_copy",),
    "grant_maps": ("create_grant_pv_mapping",),
    "grant_unmaps": ("replace_grant_pv_mapping",),
    "tlb_flushes": ("invalidate_interrupt",),
}
KERNEL = {
    "upcalls_pv": ("xen_pv_evtchn_do_upcall",),
    "upcalls_hvm": ("sysvec_xen_hvm_callback",),
    "thread_wakes": ("ttwu_do_activate",),
    "softirqs": ("__do_softirq",),
    "softirq_thread_runs": ("run_ksoftirqd",),
    "napi_polls": ("__napi_poll",),
    "skbs": ("__alloc_skb",),
    "skbs_unshared": ("skb_copy_ubufs",),
    "works": ("process_one_work",),
    "ipis_reschedule": ("xen_reschedule_interrupt",),
    "ipis_call": ("xen_call_function_interrupt", "xen_call_function_single_interrupt"),
    "ticks": ("hrtimer_interrupt",),
    "grants_given": ("gnttab_grant_foreign_access_ref",),
    "grants_ended": ("gnttab_end_foreign_access_ref",),
}
NAMES = (*FIXED, *XEN, *KERNEL)


def table(text: str) -> dict[str, int]:
    """Functions of a symbol table in nm's format; a static one's file is left out."""
    found = {}
    for line in text.splitlines():
        match = re.match(r"(?:0x)?([0-9a-f]{16}) [tT] (?:\S+#)?([\w.]+)$", line)
        if match:
            found.setdefault(re.sub(r"\.(isra|constprop|part)\..*", "", match.group(2)), int(match.group(1), 16))
    return found


def lines(xen: dict[str, int], kernel: dict[str, int]) -> list[str]:
    """The plugin's symbols file."""
    result = []
    for known, wanted in ((xen, XEN), (kernel, KERNEL)):
        for name, functions in wanted.items():
            for function in functions:
                if function not in known:
                    raise RigError(f"no function {function} to count {name} by: this kernel or Xen is another")
                result.append(f"{known[function]:x} {NAMES.index(name)}")
    return [*result, f"{kernel[MARK]:x} mark"]


def hypervisor_version() -> str:
    debs = sorted(packages.packages_dir().glob("xen-hypervisor-4.*-amd64_*.deb"), key=lambda deb: deb.stat().st_ctime)
    if not debs:
        raise RigError("no hypervisor in the package cache: run `tools/testing/rig/rig setup`")
    return urllib.parse.unquote(debs[-1].name).split("_")[1]


def hypervisor_map() -> str:
    """The hypervisor's own symbol table, which Debian packs apart."""
    version = hypervisor_version()
    kept = cache_dir() / "symbols" / version.replace("/", "_")
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        packages.run(["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download",
                      f"xen-hypervisor-4.17-amd64-dbg={version}"], cwd=kept.parent)
        deb = next(kept.parent.glob("xen-hypervisor-*-dbg_*.deb"))
        tar = subprocess.run(["dpkg-deb", "--fsys-tarfile", deb], check=True, capture_output=True).stdout
        member = "./usr/lib/debug/boot/xen-syms-4.17-amd64.map"
        kept.write_bytes(subprocess.run(["tar", "-xO", member], input=tar, check=True, capture_output=True).stdout)
        deb.unlink()
    return kept.read_text()


def kernel_map_path() -> Path:
    """Debian ships no System.map of use: the running kernel told its symbols (kallsyms)."""
    return BUILD / f"kallsyms-{packages.kernel_release()}"
