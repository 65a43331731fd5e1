// SPDX-License-Identifier: GPL-2.0
/* The backend before us: see former.h. Pure. */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <xpv/former.h>

/* The event that registering a watch brings. */
#define REGISTRATION	1

void xpv_former_begin(struct xpv_former *former, enum xenbus_state left)
{
	*former = (struct xpv_former){ .known = REGISTRATION };
	if (left == XenbusStateUnknown || left == XenbusStateInitialising)
		return;
	former->been = true;
	former->doubted = true;
	former->tries = XPV_FORMER_TRIES;
}

/*
 * A frontend that wrote its state has rings that it believes in: it did so
 * because of us, or it was about to connect anyway. One that is Initialised has
 * not been connected with them; but as it has not with us either, it may change
 * its mind. In any other state, what it publishes next is for us, unless it
 * says that it is not: it may have begun before it saw us.
 */
void xpv_former_see(struct xpv_former *former, enum xenbus_state other,
		    unsigned int events)
{
	bool said = events > former->known;

	former->seen = max(events, former->known);
	if (other != XenbusStateConnected || said)
		former->doubted = false;
	if (other != XenbusStateConnected && other != XenbusStateInitialised)
		former->tries = 0;
}

unsigned int xpv_former_wait(struct xpv_former *former,
			     enum xpv_former_word word, s64 now)
{
	if (xpv_former_is_over(former))
		return 0;
	if (!former->since) {
		former->since = now;
		former->until = now + XPV_FORMER_GRACE;
	}
	if (word == XPV_FORMER_OTHER)
		former->until = former->since + XPV_FORMER_GRACE_SURE;
	else if (word == XPV_FORMER_US || !former->doubted)
		return 0;
	return former->until > now ? former->until - now : 0;
}

bool xpv_former_again(struct xpv_former *former, s64 now)
{
	if (!former->tries)
		return false;
	former->tries--;
	former->doubted = true;
	former->until = now + XPV_FORMER_GRACE;
	former->known = former->seen;
	return true;
}

void xpv_former_end(struct xpv_former *former)
{
	*former = (struct xpv_former){};
}
