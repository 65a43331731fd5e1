// SPDX-License-Identifier: GPL-2.0
/* There are iterators over pipes, which get their pages as they are filled. */
#include <linux/uio.h>

bool probe(const struct iov_iter *iter);
bool probe(const struct iov_iter *iter)
{
	return iov_iter_is_pipe(iter);
}
