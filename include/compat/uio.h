/* SPDX-License-Identifier: GPL-2.0 */
/* Differences of iterators. */
#ifndef COMPAT_UIO_H
#define COMPAT_UIO_H

#include <linux/uio.h>

#include <compat/compat.h>

/**
 * compat_iter_allocates() - whether copying to an iterator has memory allocated
 * @iter: the iterator
 *
 * So that it can be done in process context alone, and not be undone by putting
 * an older copy of @iter back. iov_iter_get_pages_alloc2() gets such pages.
 */
static inline bool compat_iter_allocates(const struct iov_iter *iter)
{
#ifdef HAVE_ITER_PIPE
	return iov_iter_is_pipe(iter);
#else
	return false;
#endif
}

#endif /* COMPAT_UIO_H */
