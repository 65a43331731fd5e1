// SPDX-License-Identifier: GPL-2.0
/*
 * Reading folders: Treaddir.
 *
 * Each entry tells where the one behind it is, which the kernel tells with that
 * one; so an entry is put without it, and it is filled in later.
 */
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/stat.h>

#include "p9back.h"

/**
 * struct reader - a folder being read
 * @ctx: the kernel's part
 * @export: what it is in
 * @out: the answer
 * @dir: the folder
 * @next_at: where in the answer the last entry tells what is next; 0 if there is
 *	none yet
 */
struct reader {
	struct dir_context ctx;
	const struct p9back_export *export;
	struct p9w_out *out;
	struct dentry *dir;
	u32 next_at;
};

static void poke_next(struct reader *reader, u64 next)
{
	if (!reader->next_at)
		return;
	p9w_poke32(reader->out, reader->next_at, next);
	p9w_poke32(reader->out, reader->next_at + 4, next >> 32);
}

static u8 qid_type(unsigned int type)
{
	if (type == DT_DIR)
		return P9W_QID_DIR;
	return type == DT_LNK ? P9W_QID_SYMLINK : P9W_QID_FILE;
}

/* The number of what is above the export is nobody's business. */
static u64 entry_number(const struct reader *reader, const char *name, int len,
			u64 ino)
{
	const struct dentry *root = reader->export->root.dentry;

	if (len == 2 && name[0] == '.' && name[1] == '.' && reader->dir == root)
		return d_inode(root)->i_ino;
	return ino;
}

static bool put_entry(struct dir_context *ctx, const char *name, int len,
		      loff_t offset, u64 ino, unsigned int type)
{
	struct reader *reader = container_of(ctx, struct reader, ctx);
	struct p9w_qid qid = {
		.type = qid_type(type),
		.path = entry_number(reader, name, len, ino),
	};
	u32 at = reader->out->pos;

	/* A mere file may be anything to a guest of an export with one owner. */
	if (type == DT_REG && reader->export->model == P9BACK_MAPPED)
		type = DT_UNKNOWN;
	if (len > P9W_NAME_MAX)
		return true;
	if (!p9w_put_entry(reader->out, &qid, 0, type, name, len))
		return false;
	poke_next(reader, offset);
	reader->next_at = at + 1 + 4 + 8;
	return true;
}

static int seek(struct file *file, loff_t offset)
{
	loff_t pos;

	if (file->f_pos == offset)
		return 0;
	pos = vfs_llseek(file, offset, SEEK_SET);
	return pos < 0 ? pos : 0;
}

static int read_dir(struct p9back_request *req, struct file *file)
{
	struct reader reader = {
		.ctx.actor = put_entry,
		.export = &req->ring->be->export,
		.out = &req->out,
		.dir = req->fid->path.dentry,
	};
	int err = seek(file, req->req.offset);

	if (!err)
		err = iterate_dir(file, &reader.ctx);
	if (err && !reader.next_at)
		return err;
	poke_next(&reader, reader.ctx.pos);
	return 0;
}

/**
 * p9b_op_readdir() - Treaddir
 * @req: the request
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_readdir(struct p9back_request *req)
{
	struct file *file = p9b_fid_file(req->fid);
	u32 count = min(req->req.count, req->session->msize - P9W_READ_HEAD);
	int err;

	if (!file)
		return -EBADF;
	if (!S_ISDIR(file_inode(file)->i_mode))
		return -ENOTDIR;
	if ((loff_t)req->req.offset < 0)
		return -EINVAL;
	err = p9b_request_room(req, P9W_READ_HEAD + count);
	if (err)
		return err;
	req->out.room = P9W_READ_HEAD + count;
	p9w_put32(&req->out, 0);
	mutex_lock(&req->fid->lock);
	err = read_dir(req, file);
	mutex_unlock(&req->fid->lock);
	p9w_poke32(&req->out, P9W_HEAD, req->out.pos - P9W_READ_HEAD);
	return err;
}
