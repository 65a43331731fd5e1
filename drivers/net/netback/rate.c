// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/math64.h>

#include "rate.h"

#define NSEC_IN_USEC	1000

int rate_parse(const char *text, struct rate *rate)
{
	unsigned long long bytes, usec;

	rate->bytes = 0;
	rate->usec = 1;
	if (sscanf(text, "%llu,%llu", &bytes, &usec) != 2)
		return -EINVAL;
	if (usec > U32_MAX)
		return -ERANGE;
	/* No period, no limit; and xl writes the largest number for none. */
	if (!usec || bytes > U32_MAX)
		return 0;
	rate->bytes = bytes;
	rate->usec = usec;
	return 0;
}

/*
 * So many periods fill any allowance. With more of them, the quotient could be
 * too large for 64 bits, which the processor takes for a division by 0.
 */
bool rate_grow(const struct rate *rate, u64 ns, u64 *left)
{
	u64 period = rate->usec * NSEC_IN_USEC;
	u64 most = max_t(u64, rate->bytes, RATE_BURST_MIN);
	u64 more = mul_u64_u64_div_u64(min(ns, period * RATE_BURST_MIN),
				       rate->bytes, period);

	*left = min(*left + more, most);
	return more;
}

u64 rate_wait(const struct rate *rate, u64 missing)
{
	return mul_u64_u64_div_u64(missing, rate->usec, rate->bytes) + 1;
}
