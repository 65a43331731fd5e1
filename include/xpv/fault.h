/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Faults on purpose: a step of a device's life that can fail is made to, so that
 * tests see what becomes of it. Armed by writing to xenbus-mt/fault in debugfs.
 */
#ifndef XPV_FAULT_H
#define XPV_FAULT_H

#include <linux/compiler.h>
#include <linux/types.h>

struct xpv_device;

/* Steps of the armed device that succeed still, and the one that does not; 0 if none is armed. */
extern unsigned int xpv_fault_left;

bool xpv_fault_count(struct xpv_device *dev, const char *step);

/**
 * xpv_fault() - whether a step is to fail
 * @dev: the device that is about to take it
 * @step: what it is about to do, a noun: for the log. The caller fails as it
 *	would if that had gone wrong.
 *
 * Costs a load while nothing is armed.
 *
 * Context: any.
 * Return: false, but for the steps that somebody counted out.
 */
static inline bool xpv_fault(struct xpv_device *dev, const char *step)
{
	return unlikely(READ_ONCE(xpv_fault_left)) &&
	       xpv_fault_count(dev, step);
}

#endif
