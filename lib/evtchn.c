// SPDX-License-Identifier: GPL-2.0
/*
 * Event channels between the two ends of a device.
 *
 * Opening and closing are the lane's, one at a time. An end-of-interrupt may
 * come from anywhere and at any time, also late: xpv_evtchn.lock makes sure
 * that it never reaches an interrupt number that is no longer ours.
 */
#include <linux/export.h>
#include <linux/interrupt.h>
#include <linux/kernel.h>
#include <linux/spinlock.h>
#include <xen/events.h>
#include <xen/interface/event_channel.h>
#include <xen/xenbus.h>
#include <xpv/device.h>
#include <xpv/evtchn.h>
#include <xpv/fault.h>

/*
 * A channel can have an event waiting before it is bound. The handler's EOI
 * must find the interrupt's number, so the interrupt stays off until it is
 * there.
 */
#define BIND_FLAGS	IRQF_NO_AUTOEN

static irqreturn_t event_interrupt(int irq, void *data)
{
	struct xpv_evtchn *ch = data;

	ch->handler(ch->arg);
	return IRQ_HANDLED;
}

static void prepare(struct xpv_evtchn *ch, struct xpv_device *dev,
		    void (*handler)(void *arg), void *arg, unsigned int index)
{
	spin_lock_init(&ch->lock);
	ch->dev = dev;
	ch->handler = handler;
	ch->arg = arg;
	ch->port = 0;
	snprintf(ch->name, sizeof(ch->name), "%s-%d-%u-%u", dev->drv->name,
		 dev->otherend_id, dev->id, index);
}

static void start(struct xpv_evtchn *ch, unsigned int irq)
{
	atomic_inc(&ch->dev->held.evtchns);
	WRITE_ONCE(ch->irq, irq);
	enable_irq(irq);
}

int xpv_evtchn_alloc(struct xpv_device *dev, struct xpv_evtchn *ch,
		     void (*handler)(void *arg), void *arg,
		     unsigned int index)
{
	struct evtchn_alloc_unbound op = {
		.dom = DOMID_SELF,
		.remote_dom = dev->otherend_id,
	};
	int irq, err;

	if (xpv_fault(dev, "an event channel"))
		return -ENOSPC;
	err = HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &op);
	if (err)
		return err;

	prepare(ch, dev, handler, arg, index);
	irq = xpv_fault(dev, "an interrupt") ? -ENOMEM :
	      bind_evtchn_to_irq_lateeoi(op.port);
	if (irq < 0) {
		xenbus_free_evtchn(dev->bus, op.port);
		return irq;
	}
	err = request_irq(irq, event_interrupt, BIND_FLAGS, ch->name, ch);
	if (err) {
		evtchn_put(op.port);	/* closes it */
		return err;
	}
	ch->port = op.port;
	start(ch, irq);
	return 0;
}
EXPORT_SYMBOL_GPL(xpv_evtchn_alloc);

int xpv_evtchn_bind(struct xpv_device *dev, struct xpv_evtchn *ch,
		    evtchn_port_t remote, void (*handler)(void *arg),
		    void *arg, unsigned int index)
{
	int irq;

	if (xpv_fault(dev, "an event channel's other end"))
		return -ENOSPC;
	prepare(ch, dev, handler, arg, index);
	irq = bind_interdomain_evtchn_to_irqhandler_lateeoi(dev->bus, remote,
							    event_interrupt,
							    BIND_FLAGS,
							    ch->name, ch);
	if (irq < 0)
		return irq;
	start(ch, irq);
	return 0;
}
EXPORT_SYMBOL_GPL(xpv_evtchn_bind);

void xpv_evtchn_prefer(struct xpv_evtchn *ch, const struct cpumask *cpus)
{
	if (ch->irq)
		irq_set_affinity(ch->irq, cpus);
}
EXPORT_SYMBOL_GPL(xpv_evtchn_prefer);

void xpv_evtchn_notify(struct xpv_evtchn *ch)
{
	unsigned int irq = READ_ONCE(ch->irq);

	if (irq)
		notify_remote_via_irq(irq);
}
EXPORT_SYMBOL_GPL(xpv_evtchn_notify);

bool xpv_evtchn_has_peer(const struct xpv_evtchn *ch)
{
	struct evtchn_status op = { .dom = DOMID_SELF, .port = ch->port };

	if (!ch->port)
		return false;
	if (HYPERVISOR_event_channel_op(EVTCHNOP_status, &op))
		return true;
	return op.status == EVTCHNSTAT_interdomain;
}
EXPORT_SYMBOL_GPL(xpv_evtchn_has_peer);

void xpv_evtchn_eoi(struct xpv_evtchn *ch, bool worked)
{
	unsigned long flags;

	if (!READ_ONCE(ch->irq))
		return;
	spin_lock_irqsave(&ch->lock, flags);
	if (ch->irq)
		xen_irq_lateeoi(ch->irq, worked ? 0 : XEN_EOI_FLAG_SPURIOUS);
	spin_unlock_irqrestore(&ch->lock, flags);
}
EXPORT_SYMBOL_GPL(xpv_evtchn_eoi);

/*
 * The number goes first, then the interrupt: an event between the two is
 * handled and never ended, which does not matter to a channel that dies.
 */
void xpv_evtchn_close(struct xpv_evtchn *ch)
{
	unsigned int irq = READ_ONCE(ch->irq);
	unsigned long flags;

	if (!irq)
		return;
	spin_lock_irqsave(&ch->lock, flags);
	WRITE_ONCE(ch->irq, 0);
	spin_unlock_irqrestore(&ch->lock, flags);

	unbind_from_irqhandler(irq, ch);
	ch->port = 0;
	atomic_dec(&ch->dev->held.evtchns);
}
EXPORT_SYMBOL_GPL(xpv_evtchn_close);
