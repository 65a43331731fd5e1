/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A hypervisor and a kernel's Xen core small enough to look through: how much
 * there is of everything, what is refused, and what is held.
 */
#ifndef FAKE_XEN_H
#define FAKE_XEN_H

#include <linux/interrupt.h>
#include <linux/mm.h>
#include <linux/types.h>
#include <xen/grant_table.h>

#define FAKE_REFS	64
#define FAKE_IRQS	8
#define FAKE_FIRST_IRQ	16

enum fake_ref_state {
	FAKE_REF_FREE,
	FAKE_REF_RESERVED,
	FAKE_REF_GRANTED,
	FAKE_REF_DEFERRED,
};

struct fake_ref {
	enum fake_ref_state state;
	grant_ref_t next;
	domid_t dom;
	struct page *page;
	bool readonly;
	bool mapped;		/* by the other end; set by the test */
};

struct fake_irq {
	bool bound;		/* to a port */
	irq_handler_t handler;	/* NULL without one */
	void *data;
	evtchn_port_t port;
	const struct cpumask *cpus;
	bool enabled;
	bool pending;
	bool masked;		/* an event was delivered, its EOI is due */
	unsigned int eois;
	unsigned int spurious;
	unsigned int notified;
};

struct fake_xen {
	/* Knobs. */
	int allocs_left;	/* arrays that can be had; -1: any number */
	int frames_left;
	unsigned int max_order;	/* of pages that can be had in a row */
	bool no_irq;
	bool no_handler;
	bool no_port;
	bool peer_bound;	/* what Xen says of a channel of ours */
	bool event_waits;	/* a channel has an event before it is bound */
	evtchn_port_t bad_port;
	int ring_map_err;
	int map_call_err;
	int unmap_call_err;
	void (*waited)(void);	/* somebody waits for a deferred unmap */
	int (*map_status)(grant_ref_t ref);
	int (*unmap_status)(grant_handle_t handle);
	void *(*content)(grant_ref_t ref);	/* of a mapped page */

	/* What is held. */
	struct fake_ref refs[FAKE_REFS];
	struct fake_irq irqs[FAKE_IRQS];
	int ports;
	int frames;		/* out of the kernel, in a cache or mapped */
	int mapped;
	int ring_pages;		/* of ours */
	int foreign_pages;	/* mapped rings */
	struct gntab_unmap_queue_data *deferred;
};

extern struct fake_xen fake_xen;

void fake_reset(void);
unsigned int fake_refs_in(enum fake_ref_state state);
/* The other end unmaps what the kernel was left to free. */
void fake_let_go(void);
/* The other end sends an event; returns whether it was delivered at once. */
bool fake_event(unsigned int irq);
/* Look again at unmaps that waited for somebody else's page reference. */
void fake_run_deferred(void);
struct fake_irq *fake_irq(unsigned int irq);

#endif
