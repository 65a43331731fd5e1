// SPDX-License-Identifier: GPL-2.0
/*
 * Data that a request carries beside its own buffer: it is copied once, between
 * the ring and the pages that it is from or for.
 *
 * Copying must never need a page that is not there. To have it read, the kernel
 * might have to ask this very share, on this very ring. So pages of user space
 * are held before anything else is, and pages that a pipe has yet to get, since
 * the handler of an event cannot.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <compat/uio.h>
#include "p9front.h"

/* Held pages as an iterator. */
static int data_vec(struct p9front_data *data, size_t offset)
{
	u32 left = data->len, n;
	unsigned int i;

	data->vec = kvmalloc_array(data->nr, sizeof(*data->vec), GFP_NOFS);
	if (!data->vec)
		return -ENOMEM;
	for (i = 0; i < data->nr; i++) {
		n = min_t(u32, left, PAGE_SIZE - offset);
		data->vec[i].bv_page = data->pages[i];
		data->vec[i].bv_offset = offset;
		data->vec[i].bv_len = n;
		left -= n;
		offset = 0;
	}
	iov_iter_bvec(&data->own, data->out ? ITER_SOURCE : ITER_DEST,
		      data->vec, data->nr, data->len);
	data->iter = &data->own;
	return 0;
}

static int hold_pages(struct p9front_data *data, struct iov_iter *iter)
{
	size_t offset;
	ssize_t got;

	got = iov_iter_get_pages_alloc2(iter, &data->pages, data->len,
					&offset);
	if (got <= 0) {
		data->pages = NULL;
		return got ? got : -EFAULT;
	}
	data->len = got;
	data->nr = DIV_ROUND_UP(offset + got, PAGE_SIZE);
	return data_vec(data, offset);
}

/**
 * p9front_data_take() - get at a request's data
 * @data: set up
 * @req: the request; told if it is for less than was asked
 * @iter: where the data is, or goes
 * @len: how much
 * @out: it goes to the backend
 *
 * Of user space's memory only what lies in a row is taken at a time; the client
 * asks again for the rest.
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno.
 */
int p9front_data_take(struct p9front_data *data, struct p9_req_t *req,
		      struct iov_iter *iter, u32 len, bool out)
{
	int err;

	memset(data, 0, sizeof(*data));
	data->iter = iter;
	data->len = len;
	data->out = out;
	if (!user_backed_iter(iter) && !compat_iter_allocates(iter)) {
		data->start = *iter;
		return 0;
	}
	data->mapped = user_backed_iter(iter);
	err = hold_pages(data, iter);
	if (err) {
		p9front_data_drop(data);
		return err;
	}
	data->start = data->own;
	/* The count is the last that such a request has before its data. */
	if (data->len != len)
		p9front_put32(req->tc.sdata + req->tc.size - 4, data->len);
	return 0;
}

/**
 * p9front_data_rewind() - begin anew with it
 * @data: nothing of which is in use
 */
void p9front_data_rewind(struct p9front_data *data)
{
	*data->iter = data->start;
	data->lost = false;
}

/**
 * p9front_data_drop() - let its pages go
 * @data: nothing of which is in use any more
 */
void p9front_data_drop(struct p9front_data *data)
{
	unsigned int i;

	for (i = 0; i < data->nr; i++) {
		/* One that is dirty when what came is in it will be written with it. */
		if (!data->out && data->mapped && !PageDirty(data->pages[i]))
			set_page_dirty_lock(data->pages[i]);
		put_page(data->pages[i]);
	}
	kvfree(data->vec);
	kvfree(data->pages);
	data->nr = 0;
	data->vec = NULL;
	data->pages = NULL;
}
