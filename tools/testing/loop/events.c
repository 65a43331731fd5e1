// SPDX-License-Identifier: GPL-2.0
/*
 * Event channels. An event is handed on by a tasklet: neither in the sender's context nor
 * before it has let go of its locks, as it would be between domains.
 *
 * An interrupt is one of the machine's last ones, which nothing else has.
 */
#include <linux/export.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/spinlock.h>
#include <xen/events.h>
#include <xen/interface/event_channel.h>
#include <xen/xenbus.h>

#define PORTS		128
#define FIRST_IRQ	20

/*
 * struct port - one end of a channel
 * @used: it is there
 * @remote: the other end; 0 while that is not there
 * @irq: its interrupt, 0 for none
 * @enabled: which is enabled
 * @late: the end of an event is told
 * @busy: an event was handed on whose end was not told
 * @pending: another one came
 * @refs: how many have it; 0 if nobody counts
 */
struct port {
	bool used;
	unsigned int remote;
	unsigned int irq;
	bool enabled;
	bool late;
	bool busy;
	bool pending;
	unsigned int refs;
};

/* Protects all of these; taken in any context. */
static DEFINE_SPINLOCK(lock);
static struct port ports[PORTS];
static unsigned int port_of_irq[NR_IRQS];

static void hand_on(struct tasklet_struct *unused);
static DECLARE_TASKLET(courier, hand_on);

/* Return: the interrupt of a port that has an event to be handed on, or 0. */
static unsigned int take(struct port *port)
{
	unsigned int irq = 0;

	spin_lock_irq(&lock);
	if (port->pending && port->irq && port->enabled && !port->busy) {
		port->pending = false;
		port->busy = port->late;
		irq = port->irq;
	}
	spin_unlock_irq(&lock);
	return irq;
}

static void hand_on(struct tasklet_struct *unused)
{
	unsigned int i, irq;

	for (i = 1; i < PORTS; i++) {
		irq = take(&ports[i]);
		if (!irq)
			continue;
		local_irq_disable();
		generic_handle_irq(irq);
		local_irq_enable();
	}
}

static void raise(unsigned int nr)
{
	lockdep_assert_held(&lock);
	ports[nr].pending = true;
	tasklet_schedule(&courier);
}

static unsigned int new_port(void)
{
	unsigned int i;

	lockdep_assert_held(&lock);
	for (i = 1; i < PORTS; i++) {
		if (ports[i].used)
			continue;
		ports[i] = (struct port){ .used = true };
		return i;
	}
	return 0;
}

static struct port *port_at(unsigned int nr)
{
	lockdep_assert_held(&lock);
	return nr < PORTS && ports[nr].used ? &ports[nr] : NULL;
}

static int alloc_unbound(struct evtchn_alloc_unbound *op)
{
	op->port = new_port();
	return op->port ? 0 : -ENOSPC;
}

static int bind_interdomain(struct evtchn_bind_interdomain *op)
{
	struct port *remote = port_at(op->remote_port);

	if (!remote || remote->remote)
		return -EINVAL;
	op->local_port = new_port();
	if (!op->local_port)
		return -ENOSPC;
	remote->remote = op->local_port;
	ports[op->local_port].remote = op->remote_port;
	raise(op->local_port);
	return 0;
}

static int send(struct evtchn_send *op)
{
	const struct port *port = port_at(op->port);

	if (!port)
		return -EINVAL;
	if (port->remote)
		raise(port->remote);
	return 0;
}

static int close_port(struct evtchn_close *op)
{
	struct port *port = port_at(op->port);

	if (!port)
		return -EINVAL;
	if (port->remote)
		ports[port->remote].remote = 0;
	port->used = false;
	return 0;
}

static int status(struct evtchn_status *op)
{
	const struct port *port = port_at(op->port);

	op->status = EVTCHNSTAT_closed;
	if (port)
		op->status = port->remote ? EVTCHNSTAT_interdomain : EVTCHNSTAT_unbound;
	return 0;
}

static int event_channel_op(int cmd, void *arg)
{
	switch (cmd) {
	case EVTCHNOP_alloc_unbound:
		return alloc_unbound(arg);
	case EVTCHNOP_bind_interdomain:
		return bind_interdomain(arg);
	case EVTCHNOP_send:
		return send(arg);
	case EVTCHNOP_close:
		return close_port(arg);
	case EVTCHNOP_status:
		return status(arg);
	default:
		return -EOPNOTSUPP;
	}
}

int HYPERVISOR_event_channel_op(int cmd, void *arg)
{
	unsigned long flags;
	int err;

	spin_lock_irqsave(&lock, flags);
	err = event_channel_op(cmd, arg);
	spin_unlock_irqrestore(&lock, flags);
	return err;
}
EXPORT_SYMBOL_GPL(HYPERVISOR_event_channel_op);

static void set_enabled(struct irq_data *data, bool enabled)
{
	unsigned long flags;
	unsigned int nr;

	spin_lock_irqsave(&lock, flags);
	nr = port_of_irq[data->irq];
	ports[nr].enabled = enabled;
	if (enabled)
		tasklet_schedule(&courier);
	spin_unlock_irqrestore(&lock, flags);
}

static void enable(struct irq_data *data)
{
	set_enabled(data, true);
}

static void disable(struct irq_data *data)
{
	set_enabled(data, false);
}

static struct irq_chip chip = {
	.name = "xen-loop",
	.irq_enable = enable,
	.irq_disable = disable,
};

/* Return: its number, or a negative errno. */
static int new_irq(unsigned int nr, bool late)
{
	unsigned int irq;

	lockdep_assert_held(&lock);
	if (!port_at(nr))
		return -EINVAL;
	for (irq = FIRST_IRQ; irq < NR_IRQS && port_of_irq[irq]; irq++)
		;
	if (irq == NR_IRQS)
		return -ENOSPC;
	port_of_irq[irq] = nr;
	ports[nr].irq = irq;
	ports[nr].late = late;
	return irq;
}

static int bind(unsigned int nr, bool late)
{
	int irq;

	spin_lock_irq(&lock);
	irq = new_irq(nr, late);
	spin_unlock_irq(&lock);
	if (irq > 0)
		irq_set_chip_and_handler(irq, &chip, handle_simple_irq);
	return irq;
}

int bind_evtchn_to_irq_lateeoi(evtchn_port_t port)
{
	return bind(port, true);
}
EXPORT_SYMBOL_GPL(bind_evtchn_to_irq_lateeoi);

/* Return: whether somebody has it still. */
static bool is_kept(struct port *port)
{
	lockdep_assert_held(&lock);
	return port->refs && --port->refs;
}

static void unbind(unsigned int irq)
{
	struct evtchn_close op;

	spin_lock_irq(&lock);
	op.port = port_of_irq[irq];
	if (op.port && !is_kept(&ports[op.port])) {
		port_of_irq[irq] = 0;
		ports[op.port].irq = 0;
		close_port(&op);
	}
	spin_unlock_irq(&lock);
}

void unbind_from_irqhandler(unsigned int irq, void *dev)
{
	free_irq(irq, dev);
	unbind(irq);
}
EXPORT_SYMBOL_GPL(unbind_from_irqhandler);

static int bind_handler(unsigned int nr, bool late, irq_handler_t handler, unsigned long flags,
			const char *name, void *dev)
{
	int irq = bind(nr, late), err;

	if (irq < 0)
		return irq;
	err = request_irq(irq, handler, flags, name, dev);
	if (!err)
		return irq;
	unbind(irq);
	return err;
}

int bind_evtchn_to_irqhandler(evtchn_port_t port, irq_handler_t handler, unsigned long flags,
			      const char *name, void *dev)
{
	return bind_handler(port, false, handler, flags, name, dev);
}

int bind_evtchn_to_irqhandler_lateeoi(evtchn_port_t port, irq_handler_t handler,
				      unsigned long flags, const char *name, void *dev)
{
	return bind_handler(port, true, handler, flags, name, dev);
}
EXPORT_SYMBOL_GPL(bind_evtchn_to_irqhandler_lateeoi);

int bind_interdomain_evtchn_to_irqhandler_lateeoi(struct xenbus_device *xdev,
						  evtchn_port_t remote_port,
						  irq_handler_t handler, unsigned long flags,
						  const char *name, void *dev)
{
	struct evtchn_bind_interdomain op = { .remote_port = remote_port };
	int err = HYPERVISOR_event_channel_op(EVTCHNOP_bind_interdomain, &op);

	return err ?: bind_handler(op.local_port, true, handler, flags, name, dev);
}
EXPORT_SYMBOL_GPL(bind_interdomain_evtchn_to_irqhandler_lateeoi);

void xen_irq_lateeoi(unsigned int irq, unsigned int eoi_flags)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	ports[port_of_irq[irq]].busy = false;
	tasklet_schedule(&courier);
	spin_unlock_irqrestore(&lock, flags);
}
EXPORT_SYMBOL_GPL(xen_irq_lateeoi);

void notify_remote_via_irq(int irq)
{
	notify_remote_via_evtchn(READ_ONCE(port_of_irq[irq]));
}
EXPORT_SYMBOL_GPL(notify_remote_via_irq);

unsigned int irq_from_evtchn(evtchn_port_t port)
{
	return ports[port].irq ?: -1;
}
EXPORT_SYMBOL_GPL(irq_from_evtchn);

int evtchn_make_refcounted(evtchn_port_t port)
{
	ports[port].refs = 1;
	return 0;
}
EXPORT_SYMBOL_GPL(evtchn_make_refcounted);

int evtchn_get(evtchn_port_t port)
{
	int err = -ENOENT;

	spin_lock_irq(&lock);
	if (port_at(port) && ports[port].refs) {
		ports[port].refs++;
		err = 0;
	}
	spin_unlock_irq(&lock);
	return err;
}
EXPORT_SYMBOL_GPL(evtchn_get);

void evtchn_put(evtchn_port_t port)
{
	unbind(ports[port].irq);
}
EXPORT_SYMBOL_GPL(evtchn_put);

unsigned int xen_evtchn_nr_channels(void)
{
	return PORTS;
}
EXPORT_SYMBOL_GPL(xen_evtchn_nr_channels);
