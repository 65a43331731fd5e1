// SPDX-License-Identifier: GPL-2.0
/*
 * Data that a request carries beside its own buffer: it is copied once, between
 * the ring and the pages that it is from or for.
 *
 * Copying must never need a page that is not there. To have it read, the kernel
 * might have to ask this very share, on this very ring. So pages of user space
 * are held before anything else is, and pages that a pipe has yet to get, since
 * the handler of an event cannot.
 *
 * Holding many pages costs more than copying to them, by far in PV guests, where each
 * step of a walk through page tables is a number to be translated. So much that is
 * read goes to memory that is there already by the reader's own page tables, which the
 * thread that copies takes on. That one waits for no page: should one have gone, the
 * reader asks again, with its pages held.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
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

/* Pages of @data's iterator, and what they are less than the request was for. */
static int hold(struct p9front_data *data, struct p9_req_t *req)
{
	u32 len = data->len;
	int err;

	err = hold_pages(data, data->iter);
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

/* Whether all pages are there. One may still go, or not be for writing to. */
static bool is_there(const struct iov_iter *iter, u32 len)
{
	size_t missing;

	pagefault_disable();
	missing = fault_in_iov_iter_readable(iter, len);
	pagefault_enable();
	return !missing;
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
	memset(data, 0, sizeof(*data));
	data->iter = iter;
	data->len = len;
	data->out = out;
	data->mapped = user_backed_iter(iter);
	data->start = *iter;
	if (!data->mapped && !compat_iter_allocates(iter))
		return 0;
	/* An event's handler has no use for page tables. */
	if (data->mapped && !out && len > P9FRONT_HANDLER_BYTES &&
	    is_there(iter, len)) {
		data->mm = current->mm;
		return 0;
	}
	return hold(data, req);
}

/**
 * p9front_data_rewind() - begin anew with it
 * @data: nothing of which is in use
 * @req: as for p9front_data_take()
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno.
 */
int p9front_data_rewind(struct p9front_data *data, struct p9_req_t *req)
{
	bool missed = data->missed;

	*data->iter = data->start;
	data->small = 0;
	data->lost = false;
	data->missed = false;
	if (!missed)
		return 0;
	data->mm = NULL;
	return hold(data, req);
}

/**
 * p9front_data_end() - have what came where it belongs
 * @data: that of a request which nobody answers any more
 * @req: the request
 *
 * Context: process, who made it; sleeps.
 * Return: 0, or -EFAULT.
 */
int p9front_data_end(struct p9front_data *data, const struct p9_req_t *req)
{
	if (copy_to_iter(req->rc.sdata + P9FRONT_READ_HEAD, data->small,
			 data->iter) != data->small)
		return -EFAULT;
	return 0;
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
