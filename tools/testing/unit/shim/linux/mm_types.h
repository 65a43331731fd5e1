/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_LINUX_MM_TYPES_H
#define SHIM_LINUX_MM_TYPES_H

#include <stdbool.h>

/* A frame; its address stands for its number and for its contents. */
struct page {
	int count;
	bool foreign;
	unsigned int handle;	/* while foreign */
	struct page *next;
};

#endif
