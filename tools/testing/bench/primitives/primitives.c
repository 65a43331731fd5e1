// SPDX-License-Identifier: GPL-2.0
/*
 * Measures on this host what the bench's table of costs has a row for: loading
 * the module writes lines "NAME NS" to the kernel log, the median of many tries
 * each. What needs a second domain is done by this domain to itself.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sort.h>
#include <xen/events.h>
#include <xen/grant_table.h>
#include <xen/interface/event_channel.h>
#include <xen/interface/version.h>
#include <xen/page.h>
#include <xen/xen.h>
#include <xen/xenbus.h>
#include <asm/xen/hypercall.h>
#include <asm/xen/hypervisor.h>

#define TRIES	31
#define REPEATS	64

/* What a try has to take: a host's clock may stand still for some ms. */
#define TRY_NS	(5 * NSEC_PER_MSEC)
#define MOST_REPEATS	(REPEATS << 12)
#define BATCH	16

/**
 * struct bench - what the measurements work on
 * @domid:	this domain
 * @from:	pages that are granted to this domain itself, and copied from
 * @to:		pages that are copied to
 * @refs:	the grants of @from, INVALID_GRANT_REF where there is none
 * @mapped:	address space for mapping grants
 * @near:	the end of an event channel that events are sent from
 * @far:	the other end, which stays masked
 */
struct bench {
	domid_t domid;
	struct page *from[BATCH];
	struct page *to[BATCH];
	grant_ref_t refs[BATCH];
	struct page *mapped[BATCH];
	evtchn_port_t near;
	evtchn_port_t far;
};

/* Too large for a stack. */
static struct bench bench;

static int copy_memory(struct bench *b)
{
	memcpy(page_address(b->to[0]), page_address(b->from[0]), PAGE_SIZE);
	barrier();
	return 0;
}

static int null_hypercall(struct bench *b)
{
	return HYPERVISOR_xen_version(XENVER_version, NULL) < 0;
}

static int send_event(struct bench *b)
{
	struct evtchn_send send = { .port = b->near };

	return HYPERVISOR_event_channel_op(EVTCHNOP_send, &send);
}

static int copy_grants(struct bench *b, unsigned int count)
{
	struct gnttab_copy ops[BATCH] = {};
	unsigned int i;

	for (i = 0; i < count; i++) {
		ops[i].source.u.ref = b->refs[i];
		ops[i].source.domid = b->domid;
		ops[i].dest.u.gmfn = xen_page_to_gfn(b->to[i]);
		ops[i].dest.domid = DOMID_SELF;
		ops[i].len = PAGE_SIZE;
		ops[i].flags = GNTCOPY_source_gref;
	}
	gnttab_batch_copy(ops, count);
	for (i = 0; i < count; i++)
		if (ops[i].status != GNTST_okay)
			return -EIO;
	return 0;
}

static int copy_one(struct bench *b)
{
	return copy_grants(b, 1);
}

static int copy_batch(struct bench *b)
{
	return copy_grants(b, BATCH);
}

/* What is not mapped has a status of its own and must not be unmapped. */
static int unmap_grants(struct bench *b, struct gnttab_map_grant_ref *maps,
			unsigned int count)
{
	struct gnttab_unmap_grant_ref ops[BATCH];
	struct page *pages[BATCH];
	unsigned int i, n = 0;

	for (i = 0; i < count; i++) {
		if (maps[i].status != GNTST_okay)
			continue;
		gnttab_set_unmap_op(&ops[n], maps[i].host_addr, GNTMAP_host_map,
				    maps[i].handle);
		pages[n++] = b->mapped[i];
	}
	if (n && gnttab_unmap_refs(ops, NULL, pages, n))
		return -EIO;
	for (i = 0; i < n; i++)
		if (ops[i].status != GNTST_okay)
			return -EIO;
	return n == count ? 0 : -EIO;
}

static int map_grants(struct bench *b, unsigned int count)
{
	struct gnttab_map_grant_ref ops[BATCH];
	unsigned int i;
	int err;

	for (i = 0; i < count; i++)
		gnttab_set_map_op(&ops[i],
				  (unsigned long)page_address(b->mapped[i]),
				  GNTMAP_host_map, b->refs[i], b->domid);
	err = gnttab_map_refs(ops, NULL, b->mapped, count);
	return err ?: unmap_grants(b, ops, count);
}

static int map_one(struct bench *b)
{
	return map_grants(b, 1);
}

static int map_batch(struct bench *b)
{
	return map_grants(b, BATCH);
}

/* What copies and mappings are divided by is how many each call makes. */
static const struct {
	const char *name;
	int (*run)(struct bench *b);
	unsigned int each;
} primitives[] = {
	{ "copy_4k", copy_memory, 1 },
	{ "hypercall", null_hypercall, 1 },
	{ "event_send_and_hypercall", send_event, 1 },
	{ "grant_copy_alone", copy_one, 1 },
	{ "grant_copy", copy_batch, BATCH },
	{ "grant_map_unmap_alone", map_one, 1 },
	{ "grant_map_unmap", map_batch, BATCH },
};

static int by_value(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* The time of @repeats runs, in ns, or a negative error. */
static s64 time_runs(struct bench *b, unsigned int index, unsigned int repeats)
{
	ktime_t start = ktime_get();
	unsigned int i;
	int err;

	for (i = 0; i < repeats; i++) {
		err = primitives[index].run(b);
		if (err)
			return err;
	}
	return ktime_to_ns(ktime_sub(ktime_get(), start));
}

static int measure(struct bench *b, unsigned int index)
{
	unsigned int repeats = REPEATS, try = 0;
	u64 took[TRIES];
	s64 ns;

	while (try < TRIES) {
		ns = time_runs(b, index, repeats);
		if (ns < 0)
			return ns;
		if (ns < TRY_NS && repeats < MOST_REPEATS) {
			repeats *= 2;
			try = 0;
			continue;
		}
		took[try++] = ns;
		cond_resched();
	}
	sort(took, TRIES, sizeof(took[0]), by_value, NULL);
	pr_info("%s %llu\n", primitives[index].name,
		took[TRIES / 2] / ((u64)repeats * primitives[index].each));
	return 0;
}

static void free_pages_of(struct bench *b)
{
	unsigned int i;

	for (i = 0; i < BATCH; i++) {
		if (b->refs[i] != INVALID_GRANT_REF)
			gnttab_end_foreign_access(b->refs[i], b->from[i]);
		else if (b->from[i])
			__free_page(b->from[i]);
		if (b->to[i])
			__free_page(b->to[i]);
	}
}

static int alloc_pages_of(struct bench *b)
{
	unsigned int i;
	int ref;

	for (i = 0; i < BATCH; i++)
		b->refs[i] = INVALID_GRANT_REF;
	for (i = 0; i < BATCH; i++) {
		b->from[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		b->to[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!b->from[i] || !b->to[i])
			return -ENOMEM;
		ref = gnttab_grant_foreign_access(b->domid,
						  xen_page_to_gfn(b->from[i]),
						  0);
		if (ref < 0)
			return ref;
		b->refs[i] = ref;
	}
	return 0;
}

static void close_port(evtchn_port_t port)
{
	struct evtchn_close close = { .port = port };

	if (port && HYPERVISOR_event_channel_op(EVTCHNOP_close, &close))
		pr_warn("event channel %u does not close\n", port);
}

/* Ports start masked, and these stay so: nothing is delivered. */
static int open_ports(struct bench *b)
{
	struct evtchn_alloc_unbound alloc = {
		.dom = DOMID_SELF, .remote_dom = b->domid,
	};
	struct evtchn_bind_interdomain bind = { .remote_dom = b->domid };
	int err;

	err = HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &alloc);
	if (err)
		return err;
	b->far = alloc.port;
	bind.remote_port = alloc.port;
	err = HYPERVISOR_event_channel_op(EVTCHNOP_bind_interdomain, &bind);
	if (!err)
		b->near = bind.local_port;
	return err;
}

static int read_domid(struct bench *b)
{
	unsigned int domid = xenbus_read_unsigned("domid", "", DOMID_INVALID);

	if (domid >= DOMID_FIRST_RESERVED)
		return -ENODEV;
	b->domid = domid;
	return 0;
}

static int __init primitives_init(void)
{
	struct bench *b = &bench;
	unsigned int i;
	int err;

	if (!xen_domain())
		return -ENODEV;
	err = read_domid(b);
	if (err)
		return err;
	err = alloc_pages_of(b);
	if (err)
		goto free_pages;
	err = gnttab_alloc_pages(BATCH, b->mapped);
	if (err)
		goto free_pages;
	err = open_ports(b);
	for (i = 0; !err && i < ARRAY_SIZE(primitives); i++)
		err = measure(b, i);
	close_port(b->near);
	close_port(b->far);
	gnttab_free_pages(BATCH, b->mapped);
free_pages:
	free_pages_of(b);
	return err;
}

/* All was given back at the end of loading. */
static void __exit primitives_exit(void)
{
}

module_init(primitives_init);
module_exit(primitives_exit);
MODULE_DESCRIPTION("Measures what the operations of Xen cost on this host");
MODULE_LICENSE("GPL");
