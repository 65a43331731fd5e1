// SPDX-License-Identifier: GPL-2.0
/* How long a backend that is lost or silent is waited for: see loss.h. Pure. */
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

s64 xpv_silence_look(struct xpv_silence *silence, bool owes, u32 answers, s64 now)
{
	s64 passed = now - silence->looked;

	if (!owes || answers != silence->answers || passed > XPV_SILENCE_GAP)
		silence->lasts = 0;
	else
		silence->lasts += passed;
	silence->answers = answers;
	silence->looked = now;
	return silence->lasts;
}

bool xpv_silence_counts(s64 silent, s64 asked)
{
	return silent >= XPV_SILENCE_MAX && silent + XPV_SILENCE_BEGINS >= asked;
}
