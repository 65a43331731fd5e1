/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long those who use a frontend wait for a backend that was lost. Pure: user
 * space compiles loss.c for its tests.
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

#endif
