// SPDX-License-Identifier: GPL-2.0
/* What one-door.cocci has to find: each line marked with a question mark. */
static int talk(struct xenbus_device *dev, int irq)
{
	if (!xen_domain())
		return -ENODEV;
	xen_irq_lateeoi(irq, 0); /* ? */
	notify_remote_via_irq(irq); /* ? */
	gnttab_end_foreign_access(1, NULL); /* ? */
	HYPERVISOR_event_channel_op(EVTCHNOP_send, NULL); /* ? */
	xpv_device_fail(dev, -EINVAL, "no");
	if (dev->state == XenbusStateConnected)
		return bind_interdomain_evtchn_to_irq_lateeoi(dev, 1); /* ? */
	return xenbus_switch_state(dev, XenbusStateClosed); /* ? */
}

static const struct ops ops = {
	.talk = talk,
	.write = xenbus_printf, /* ? */
};
