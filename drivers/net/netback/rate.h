/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The arithmetic of the rate limit. Pure: user space compiles rate.c for its
 * tests.
 */
#ifndef RATE_H
#define RATE_H

#include <linux/types.h>

/* At least this much may be sent at once. */
#define RATE_BURST_MIN	(128 * 1024)

/**
 * struct rate - a rate limit
 * @bytes: what may be sent per @usec, at most U32_MAX; 0 for any amount
 * @usec: the period, 1 to U32_MAX
 */
struct rate {
	u64 bytes;
	u64 usec;
};

/**
 * rate_parse() - read "BYTES,MICROSECONDS"
 * @text: the toolstack's words
 * @rate: filled, also on an error: then with no limit
 *
 * Return: 0; -EINVAL if it is something else, -ERANGE if no such period can be.
 */
int rate_parse(const char *text, struct rate *rate);

/**
 * rate_grow() - have an allowance grow
 * @rate: a limit
 * @ns: for how long; any
 * @left: what may be sent at once
 *
 * Return: false if the time was too short to make a difference, and has to be
 * counted again.
 */
bool rate_grow(const struct rate *rate, u64 ns, u64 *left);

/**
 * rate_wait() - how long until something may be sent
 * @rate: a limit
 * @missing: bytes, at most U32_MAX
 *
 * Return: microseconds, at least 1.
 */
u64 rate_wait(const struct rate *rate, u64 missing);

#endif
