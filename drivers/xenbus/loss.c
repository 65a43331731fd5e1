// SPDX-License-Identifier: GPL-2.0
/* How long a lost backend is waited for: see loss.h. Pure. */
#include <linux/minmax.h>
#include <xpv/loss.h>

#define MS_PER_SECOND	1000LL

s64 xpv_loss_left(s64 lost, bool online, unsigned int fail_after)
{
	s64 limit = fail_after ? fail_after * MS_PER_SECOND : XPV_LOSS_NEVER;

	if (!online && (limit < 0 || limit > XPV_LOSS_OFFLINE))
		limit = XPV_LOSS_OFFLINE;
	if (limit < 0)
		return XPV_LOSS_NEVER;
	return max(limit - lost, 0LL);
}
