// SPDX-License-Identifier: GPL-2.0
/*
 * What is read of a file: its own pages are held, as by sendfile(), and copied
 * once, into the ring, when the answer's place there is known. So nothing of the
 * ring waits for a disk, and no file system ever sees the guest's memory.
 */
#include <linux/fs.h>
#include <linux/fsnotify.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/pipe_fs_i.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <linux/uio.h>

#include "p9back.h"

static int get_vec(struct p9back_request *req, u32 count)
{
	struct p9back_pages *pages = &req->pages;
	/* It may begin and end within a page. */
	unsigned int nr = DIV_ROUND_UP(count, PAGE_SIZE) + 1;

	pages->vec = pages->few;
	pages->max = ARRAY_SIZE(pages->few);
	if (nr <= pages->max)
		return 0;
	pages->vec = kvmalloc_array(nr, sizeof(*pages->vec), GFP_KERNEL);
	pages->max = nr;
	return pages->vec ? 0 : -ENOMEM;
}

/* Hold what is in a buffer of the pipe. Return: bytes; 0 ends the reading. */
static int hold(struct pipe_inode_info *pipe, struct pipe_buffer *buf,
		struct splice_desc *what)
{
	struct p9back_pages *pages = what->u.data;
	u32 within = offset_in_page(buf->offset);
	struct bio_vec *vec = pages->vec + pages->nr;

	if (pages->nr == pages->max)
		return 0;
	vec->bv_page = buf->page + buf->offset / PAGE_SIZE;
	vec->bv_offset = within;
	vec->bv_len = min_t(u32, what->len, PAGE_SIZE - within);
	get_page(vec->bv_page);
	pages->nr++;
	return vec->bv_len;
}

static int hold_all(struct pipe_inode_info *pipe, struct splice_desc *what)
{
	return __splice_from_pipe(pipe, what, hold);
}

/**
 * p9b_pages_read() - read from a file
 * @req: the request; its answer has nothing but a head
 * @file: the file
 * @pos: where
 * @count: how much, at most the msize
 *
 * Context: process; sleeps.
 * Return: how much was read, which stands beside the answer from then on; or a
 * negative errno; -EINVAL if the file's contents cannot be had that way.
 */
ssize_t p9b_pages_read(struct p9back_request *req, struct file *file,
		       loff_t pos, u32 count)
{
	struct splice_desc what = {
		.total_len = count,
		.pos = pos,
		.u.data = &req->pages,
	};
	ssize_t done;
	int err;

	if (!file->f_op->splice_read)
		return -EINVAL;
	err = p9b_share_charge(req, P9BACK_ANSWERS, count) ?:
	      get_vec(req, count);
	if (!err)
		err = rw_verify_area(READ, file, &pos, count);
	done = err ?: splice_direct_to_actor(file, &what, hold_all);
	if (done <= 0) {
		/* Who waits for more may have none. */
		p9b_share_uncharge(req, P9BACK_ANSWERS);
		return done;
	}
	fsnotify_access(file);
	req->out.beside = done;
	return done;
}

/**
 * p9b_pages_put() - copy what stands beside an answer into a ring, behind it
 * @ring: the ring, with room for all of it
 * @req: the request
 */
void p9b_pages_put(struct p9back_ring *ring, const struct p9back_request *req)
{
	const struct p9w_out *out = &req->out;
	struct iov_iter from;

	lockdep_assert_held(&ring->in_lock);
	if (!out->beside || req->warm)
		return;
	iov_iter_bvec(&from, ITER_SOURCE, req->pages.vec, req->pages.nr,
		      out->beside);
	xpv_bytes_from_iter(&ring->bytes.in, out->pos, &from, out->beside);
}

/**
 * p9b_pages_drop() - let go of what stands beside an answer
 * @req: the request
 */
void p9b_pages_drop(struct p9back_request *req)
{
	struct p9back_pages *pages = &req->pages;

	while (pages->nr)
		put_page(pages->vec[--pages->nr].bv_page);
	if (pages->vec != pages->few)
		kvfree(pages->vec);
	pages->vec = NULL;
}
