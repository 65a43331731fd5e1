// SPDX-License-Identifier: GPL-2.0
/// The kernel's Xen core is spoken to by the engine alone: drivers use xpv/*.h.
/// Constants, types and predicates such as xen_domain() are free for all.
//
// Except: lib/ drivers/xenbus/ include/xpv/

virtual report

@core@
identifier f =~ "^(_*xenbus_|_*gnttab_|xs_|HYPERVISOR_|bind_.*(evtchn|virq|ipi)|unbind_from_irq|notify_remote_via_|xen_irq_lateeoi|xen_set_irq_|xen_test_irq_|irq_from_evtchn|evtchn_|xen_(alloc|free)_(unpopulated|ballooned)_pages|(un)?register_xenbus_watch|(un)?register_xenstore_notifier|arbitrary_virt_to_machine)";
position p;
@@
f@p

@script:python depends on report@
p << core.p;
f << core.f;
@@
coccilib.report.print_report(p[0], "%s is the engine's to call: use include/xpv" % f)
