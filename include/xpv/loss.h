/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long those who use a frontend wait for a backend that was lost, or that
 * answers nothing. Pure: user space compiles loss.c for its tests.
 */
#ifndef XPV_LOSS_H
#define XPV_LOSS_H

#include <linux/types.h>

/*
 * Once the toolstack wants the device gone, no other backend is to be expected.
 * It may still change its mind for so long, in ms.
 */
#define XPV_LOSS_OFFLINE	2000

/* As long as it takes. */
#define XPV_LOSS_NEVER		(-1)

/**
 * xpv_loss_left() - how much longer is waited
 * @lost: how long the backend has been gone, in ms
 * @online: the toolstack does not want the device gone
 * @fail_after: what the administrator chose, in seconds; 0 for as long as it
 *	takes
 *
 * Context: any; pure.
 * Return: for how many ms; 0 if no longer; or %XPV_LOSS_NEVER.
 */
s64 xpv_loss_left(s64 lost, bool online, unsigned int fail_after);

/*
 * A device that is in use is taken away all the same if its backend has answered
 * nothing for so long, in ms; and had fallen silent so soon after that was asked.
 * One that does so later has only a disk that is slow today.
 */
#define XPV_SILENCE_MAX		3000
#define XPV_SILENCE_BEGINS	1500

/* Who has not looked for so long, in ms, knows nothing of the time before. */
#define XPV_SILENCE_GAP		3000

/**
 * struct xpv_silence - for how long a backend has answered nothing
 * @answers: how many answers there were when that was last looked at
 * @looked: when it was, in ms
 * @lasts: so long, in ms, in which it always owed some and gave none
 *
 * All zero to begin with.
 */
struct xpv_silence {
	u32 answers;
	s64 looked;
	s64 lasts;
};

/**
 * xpv_silence_look() - look again, every second or so
 * @silence: what was seen before; changed
 * @owes: the backend has not answered something
 * @answers: how many answers it has given, of whatever, modulo 2^32
 * @now: in ms, of any clock
 *
 * Context: any; pure.
 * Return: for how many ms it has been silent.
 */
s64 xpv_silence_look(struct xpv_silence *silence, bool owes, u32 answers, s64 now);

/**
 * xpv_silence_counts() - whether users of a device that is to go are let down
 * @silent: for how many ms the backend has been silent
 * @asked: for how many the toolstack has wanted the device gone
 *
 * Context: any; pure.
 */
bool xpv_silence_counts(s64 silent, s64 asked);

#endif
