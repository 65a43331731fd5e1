// SPDX-License-Identifier: GPL-2.0
/* An event channel to the backend. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The header that is shipped to user space lacks it. */
#define domid_t unsigned short
#include <xen/evtchn.h>

#include "peer.h"

void channel_open(struct channel *ch, unsigned int domid)
{
	struct ioctl_evtchn_bind_unbound_port arg = { .remote_domain = domid };
	int port;

	ch->fd = open("/dev/xen/evtchn", O_RDWR);
	if (ch->fd < 0)
		give_up("/dev/xen/evtchn: %s", strerror(errno));
	port = ioctl(ch->fd, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &arg);
	if (port < 0)
		give_up("no event channel: %s", strerror(errno));
	ch->port = port;
}

/* To the channel PORT that the other end has opened. */
void channel_bind(struct channel *ch, unsigned int domid, unsigned int port)
{
	struct ioctl_evtchn_bind_interdomain arg = {
		.remote_domain = domid,
		.remote_port = port,
	};
	int bound;

	ch->fd = open("/dev/xen/evtchn", O_RDWR);
	bound = ioctl(ch->fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, &arg);
	if (bound < 0)
		give_up("event-channel %u: %s", port, strerror(errno));
	ch->port = bound;
}

void channel_notify(const struct channel *ch)
{
	struct ioctl_evtchn_notify arg = { .port = ch->port };

	if (ioctl(ch->fd, IOCTL_EVTCHN_NOTIFY, &arg))
		give_up("cannot notify: %s", strerror(errno));
}

/* Return: whether an event came within the time. */
bool channel_wait(const struct channel *ch, int ms)
{
	struct pollfd ready = { .fd = ch->fd, .events = POLLIN };
	__u32 port;

	if (poll(&ready, 1, ms) <= 0)
		return false;
	if (read(ch->fd, &port, sizeof(port)) != sizeof(port) ||
	    write(ch->fd, &port, sizeof(port)) != sizeof(port))
		give_up("cannot end an event: %s", strerror(errno));
	return true;
}

void channel_close(struct channel *ch)
{
	close(ch->fd);
	ch->fd = -1;
}
