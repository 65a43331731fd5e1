/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's event channels, as fake_xen.c carries them out. */
#ifndef SHIM_XEN_EVENTS_H
#define SHIM_XEN_EVENTS_H

#include <linux/interrupt.h>
#include <xen/interface/event_channel.h>

#define XEN_EOI_FLAG_SPURIOUS	1

struct xenbus_device;

int HYPERVISOR_event_channel_op(int cmd, void *arg);
int bind_evtchn_to_irq_lateeoi(evtchn_port_t port);
void evtchn_put(evtchn_port_t port);
int bind_interdomain_evtchn_to_irqhandler_lateeoi(struct xenbus_device *dev,
						  evtchn_port_t remote,
						  irq_handler_t handler,
						  unsigned long flags,
						  const char *name,
						  void *data);
void unbind_from_irqhandler(unsigned int irq, void *data);
void notify_remote_via_irq(int irq);
void xen_irq_lateeoi(unsigned int irq, unsigned int flags);

#endif
