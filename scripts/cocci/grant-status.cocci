// SPDX-License-Identifier: GPL-2.0
/// Grant operations succeed as a hypercall and fail one by one: a function that
/// has a batch carried out looks at the status of its entries, or hands them to
/// a function of the same file that does, by a call or as a completion.
//
// Except: none

virtual report

@initialize:python@
@@
looks = set()	# (file, function) that reads a status
uses = {}	# (file, function) -> functions it calls or completes with
acts = []	# position and name of each operation

def where(p):
    return (p[0].file, p[0].current_element)

def looked_at(key, depth=2):
    if key in looks:
        return True
    return depth > 0 and any(looked_at((key[0], name), depth - 1)
                             for name in uses.get(key, ()))

@looks@
expression E;
position p;
@@
(
E->status@p
|
E.status@p
)

@script:python@
p << looks.p;
@@
looks.add(where(p))

@uses@
identifier fn;
expression list args;
position p;
@@
fn@p(args)

@script:python@
p << uses.p;
fn << uses.fn;
@@
uses.setdefault(where(p), set()).add(fn)

@completes@
expression E;
identifier fn;
position p;
@@
(
E->done = fn@p
|
E.done = fn@p
)

@script:python@
p << completes.p;
fn << completes.fn;
@@
uses.setdefault(where(p), set()).add(fn)

@acts@
identifier op =~ "^(gnttab_map_refs|gnttab_unmap_refs|gnttab_unmap_refs_async|gnttab_unmap_refs_sync|gnttab_batch_map|gnttab_batch_copy|HYPERVISOR_grant_table_op)$";
position p;
@@
op@p(...)

@script:python@
p << acts.p;
op << acts.op;
@@
acts.append((p, op))

@finalize:python depends on report@
@@
for p, op in acts:
    if not looked_at(where(p)):
        coccilib.report.print_report(p[0], "nobody looks at the status of what %s did" % op)
