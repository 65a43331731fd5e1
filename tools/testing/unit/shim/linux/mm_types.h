/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_LINUX_MM_TYPES_H
#define SHIM_LINUX_MM_TYPES_H

#include <stdbool.h>

/*
 * A frame; its address stands for its number, and for its contents unless a
 * test gave it some.
 */
struct page {
	void *content;
	int count;
	bool zeroed;		/* when it was allocated */
	bool foreign;
	unsigned int handle;	/* while foreign */
	struct page *next;
	struct page *piece;	/* the first of those allocated with it */
	unsigned int order;
};

#endif
