// SPDX-License-Identifier: GPL-2.0
/// The peer may write a ring's memory while we read it. Slots and indices are
/// read by the helpers of xpv/ring.h, xpv/bytering.h and lib/ only, which copy
/// once and check.
//
// Except: lib/ include/xpv/

virtual report

// The ring macros of the public headers, and the helpers' own way to a slot.
@macro@
identifier f =~ "^(RING_(GET|COPY)_(REQUEST|RESPONSE)|RING_HAS_UNCONSUMED_|RING_FINAL_CHECK_|RING_PUSH_|(SHARED|FRONT|BACK)_RING_|XEN_(FRONT|BACK)_RING_|xpv_ring_slot$|xpv_ring_copy_once$|xpv_bytes_piece$)";
position p;
@@
f@p

@script:python depends on report@
p << macro.p;
f << macro.f;
@@
coccilib.report.print_report(p[0], "%s reads shared ring memory: use the helpers of xpv/ring.h" % f)

// The shared page itself, by the names it has in the public headers and ours.
@page@
expression E;
identifier s =~ "^(sring|page|intf|shared|data_intf)$";
identifier m =~ "^(ring|slots|req_prod|req_event|rsp_prod|rsp_event|in_cons|in_prod|out_cons|out_prod|in_error|out_error|ring_order|ref)$";
position p;
@@
(
E->s->m@p
|
E.s->m@p
|
E->sring@p
|
E.sring@p
)

@script:python depends on report@
p << page.p;
@@
coccilib.report.print_report(p[0], "a read of shared ring memory: use the helpers of xpv/ring.h")

// Pointers to the shared page, whatever they are called.
@pointer@
{struct blkif_sring, struct xen_netif_tx_sring, struct xen_netif_rx_sring, struct xen_netif_ctrl_sring, struct xen_pvcalls_sring, struct blkif_common_sring, struct blkif_x86_32_sring, struct blkif_x86_64_sring, struct pvcalls_data_intf, struct xen_9pfs_data_intf, struct xpv_ring_page, struct xpv_bytes_intf} *S;
identifier m;
position p;
@@
S->m@p

@script:python depends on report@
p << pointer.p;
@@
coccilib.report.print_report(p[0], "a read of shared ring memory: use the helpers of xpv/ring.h")

// A stream's way to its index and its data.
@stream@
{struct xpv_byte_stream, struct xpv_granted_bytes, struct xpv_mapped_bytes} *S;
identifier m =~ "^(pages|other|error)$";
position p;
@@
S->m@p

@script:python depends on report@
p << stream.p;
@@
coccilib.report.print_report(p[0], "a read of shared ring memory: use the helpers of xpv/bytering.h")
