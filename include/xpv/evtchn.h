/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Event channels between the two ends of a device.
 *
 * Always with late EOI: the channel stays quiet until its handler says that
 * the event was worked on, and an event that brought no work is counted as
 * spurious and slows its sender down (XSA-332).
 */
#ifndef XPV_EVTCHN_H
#define XPV_EVTCHN_H

#include <linux/interrupt.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <xen/interface/event_channel.h>

struct cpumask;
struct xpv_device;

/**
 * struct xpv_evtchn - one end of a channel
 * @dev: the device it is accounted to
 * @handler: called in hard interrupt context; must lead to xpv_evtchn_eoi()
 * @arg: for @handler
 * @port: our port, for a frontend to publish; 0 in a backend
 * @lock: makes an EOI and the end of @irq exclude each other; taken in any
 *	context
 * @irq: 0 while closed
 * @name: as /proc/interrupts shows it
 */
struct xpv_evtchn {
	struct xpv_device *dev;
	void (*handler)(void *arg);
	void *arg;
	evtchn_port_t port;
	spinlock_t lock;
	unsigned int irq;
	char name[32];
};

/**
 * xpv_evtchn_alloc() - open a channel for the other end to bind (frontend)
 * @dev: the device
 * @ch: zeroed, or closed before
 * @handler: see &struct xpv_evtchn
 * @arg: for @handler
 * @index: number of the ring, for the name
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno.
 */
int xpv_evtchn_alloc(struct xpv_device *dev, struct xpv_evtchn *ch,
		     void (*handler)(void *arg), void *arg,
		     unsigned int index);

/**
 * xpv_evtchn_bind() - bind to a port the other end published (backend)
 * @dev: the device
 * @ch: zeroed, or closed before
 * @remote: the other end's port; untrusted
 * @handler: see &struct xpv_evtchn
 * @arg: for @handler
 * @index: number of the ring, for the name
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno.
 */
int xpv_evtchn_bind(struct xpv_device *dev, struct xpv_evtchn *ch,
		    evtchn_port_t remote, void (*handler)(void *arg),
		    void *arg, unsigned int index);

/**
 * xpv_evtchn_prefer() - say which CPUs the handler should run on
 * @ch: an open channel
 * @cpus: which. Nothing happens if none of them is online, and an
 *	administrator may choose others.
 *
 * Context: process; sleeps.
 */
void xpv_evtchn_prefer(struct xpv_evtchn *ch, const struct cpumask *cpus);

/**
 * xpv_evtchn_notify() - send an event
 * @ch: an open channel
 *
 * Context: any.
 */
void xpv_evtchn_notify(struct xpv_evtchn *ch);

/**
 * xpv_evtchn_has_peer() - whether the other end is bound (frontend)
 * @ch: a channel
 *
 * The other end may be gone, whatever its state in the store says. If Xen does
 * not tell, it is there.
 *
 * Context: process. Excluded against closing by the caller's means.
 */
bool xpv_evtchn_has_peer(const struct xpv_evtchn *ch);

/**
 * xpv_evtchn_eoi() - let the next event through
 * @ch: the channel; nothing happens if it is closed
 * @worked: whether the event brought any work
 *
 * Context: any; exactly once per call of the handler.
 */
void xpv_evtchn_eoi(struct xpv_evtchn *ch, bool worked);

/**
 * xpv_evtchn_close() - unbind and close
 * @ch: the channel; nothing happens if it is closed
 *
 * When it returns the handler is not running and will not run again. What the
 * handler queued must be stopped after this, by the caller, and may still
 * call xpv_evtchn_eoi(), which then does nothing.
 *
 * Context: process; sleeps. Opening and closing one channel exclude each
 * other by the caller's means; so do closing and xpv_evtchn_notify().
 */
void xpv_evtchn_close(struct xpv_evtchn *ch);

#endif
