/* SPDX-License-Identifier: GPL-2.0 */
/* An iterator over one piece of memory, of which a part can be had. */
#ifndef SHIM_LINUX_UIO_H
#define SHIM_LINUX_UIO_H

#include <stddef.h>
#include <string.h>

struct iov_iter {
	char *at;
	size_t count;
};

static inline size_t _copy_from_iter(void *to, size_t n, struct iov_iter *from)
{
	if (n > from->count)
		n = from->count;
	memcpy(to, from->at, n);
	from->at += n;
	from->count -= n;
	return n;
}

static inline size_t _copy_to_iter(const void *from, size_t n,
				   struct iov_iter *to)
{
	if (n > to->count)
		n = to->count;
	memcpy(to->at, from, n);
	to->at += n;
	to->count -= n;
	return n;
}

#endif
