// SPDX-License-Identifier: GPL-2.0
/// The lanes of frontends can be what memory is reclaimed through. They must not
/// wait for works on the kernel's own queues, which cannot be: see xpv/work.h.
//
// Except: drivers/block/blkback/ drivers/net/netback/ drivers/9p/back/ drivers/socket/back/

virtual report

@call@
identifier f =~ "^schedule_(delayed_)?work(_on)?$";
position p;
@@
f@p(...)

@script:python depends on report@
p << call.p;
f << call.f;
@@
coccilib.report.print_report(p[0], "%s() uses a queue of the kernel's: see xpv/work.h" % f)

@queue@
identifier q =~ "^system_[a-z_]*wq$";
position p;
@@
q@p

@script:python depends on report@
p << queue.p;
q << queue.q;
@@
coccilib.report.print_report(p[0], "%s is a queue of the kernel's: see xpv/work.h" % q)
