// SPDX-License-Identifier: GPL-2.0
/*
 * What a file is: Tgetattr, Tsetattr, Tstatfs, Treadlink, and the qids that
 * tell the client one file from another.
 */
#include <linux/types.h>
#include <linux/delayed_call.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/kdev_t.h>
#include <linux/limits.h>
#include <linux/mount.h>
#include <linux/slab.h>
#include <linux/stat.h>
#include <linux/statfs.h>
#include <linux/string.h>

#include "p9back.h"

#define WANTED	(STATX_BASIC_STATS | STATX_BTIME)

static int get_stat(const struct path *path, struct kstat *stat)
{
	return vfs_getattr(path, stat, WANTED, AT_STATX_SYNC_AS_STAT);
}

static u8 qid_type(u32 mode)
{
	if (S_ISDIR(mode))
		return P9W_QID_DIR;
	return S_ISLNK(mode) ? P9W_QID_SYMLINK : P9W_QID_FILE;
}

/*
 * Files of another device than the export's, as subvolumes have, may have the
 * same numbers: theirs are shifted.
 */
static void make_qid(const struct p9back_export *export,
		     const struct kstat *stat, u32 mode, struct p9w_qid *qid)
{
	dev_t dev = export->root.mnt->mnt_sb->s_dev;

	qid->type = qid_type(mode);
	qid->version = stat->mtime.tv_sec ^ stat->mtime.tv_nsec ^
		       stat->size << 8;
	qid->path = stat->ino;
	if (stat->dev != dev)
		qid->path ^= (u64)stat->dev << 40;
}

/* What the guest takes for its mode, which may be kept beside the file. */
static u32 shown_mode(const struct p9back_export *export,
		      const struct path *path, const struct kstat *stat,
		      struct p9back_mapped *mapped)
{
	memset(mapped, 0, sizeof(*mapped));
	if (export->model != P9BACK_MAPPED)
		return stat->mode;
	p9b_mapped_read(path, mapped);
	return mapped->has_mode ? mapped->mode : stat->mode;
}

/**
 * p9b_qid() - tell which file it is
 * @export: where it is
 * @path: the file
 * @qid: filled
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno.
 */
int p9b_qid(const struct p9back_export *export, const struct path *path,
	    struct p9w_qid *qid)
{
	struct p9back_mapped mapped;
	struct kstat stat;
	int err = get_stat(path, &stat);

	if (err)
		return err;
	make_qid(export, &stat, shown_mode(export, path, &stat, &mapped), qid);
	return 0;
}

static void put_time(struct p9w_time *to, const struct timespec64 *from)
{
	to->sec = from->tv_sec;
	to->nsec = from->tv_nsec;
}

/* Device numbers go as two numbers of 32 bits in one, as user space has them. */
static u64 show_rdev(unsigned int major, unsigned int minor)
{
	return new_encode_dev(MKDEV(major, minor));
}

static void fill_attr(const struct p9back_export *export,
		      const struct kstat *stat, struct p9w_attr *attr)
{
	attr->uid = p9b_user_show_uid(export, stat->uid);
	attr->gid = p9b_user_show_gid(export, stat->gid);
	attr->nlink = stat->nlink;
	attr->rdev = show_rdev(MAJOR(stat->rdev), MINOR(stat->rdev));
	attr->size = stat->size;
	attr->blksize = stat->blksize;
	attr->blocks = stat->blocks;
	put_time(&attr->atime, &stat->atime);
	put_time(&attr->mtime, &stat->mtime);
	put_time(&attr->ctime, &stat->ctime);
	attr->valid = P9W_GOT_BASIC;
	if (!(stat->result_mask & STATX_BTIME))
		return;
	put_time(&attr->btime, &stat->btime);
	attr->valid |= P9W_GOT_BTIME;
}

static void fill_mapped(const struct p9back_mapped *mapped,
			struct p9w_attr *attr)
{
	if (mapped->has_uid)
		attr->uid = mapped->uid;
	if (mapped->has_gid)
		attr->gid = mapped->gid;
	if (mapped->has_rdev)
		attr->rdev = show_rdev(mapped->major, mapped->minor);
}

/**
 * p9b_op_getattr() - Tgetattr
 * @req: the request
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_getattr(struct p9back_request *req)
{
	const struct p9back_export *export = &req->ring->be->export;
	struct p9back_mapped mapped;
	struct p9w_attr attr = {};
	struct kstat stat;
	int err;

	err = get_stat(&req->fid->path, &stat);
	if (err)
		return err;
	attr.mode = shown_mode(export, &req->fid->path, &stat, &mapped);
	make_qid(export, &stat, attr.mode, &attr.qid);
	fill_attr(export, &stat, &attr);
	fill_mapped(&mapped, &attr);
	p9w_put_attr(&req->out, &attr);
	return 0;
}

static int change(const struct path *path, struct iattr *attr)
{
	struct inode *inode = d_inode(path->dentry);
	int err;

	inode_lock(inode);
	err = notify_change(mnt_idmap(path->mnt), path->dentry, attr, NULL);
	inode_unlock(inode);
	return err;
}

/* By a file that is open for writing, whatever its permissions are by now. */
static int set_size_of_open(const struct p9back_fid *fid, struct file *file,
			    loff_t size)
{
	struct iattr attr = {
		.ia_valid = ATTR_SIZE | ATTR_FILE | ATTR_MTIME | ATTR_CTIME,
		.ia_size = size,
		.ia_file = file,
	};
	int err;

	if (IS_APPEND(file_inode(file)))
		return -EPERM;
	err = mnt_want_write(fid->path.mnt);
	if (err)
		return err;
	err = change(&fid->path, &attr);
	mnt_drop_write(fid->path.mnt);
	return err;
}

static int resize(const struct p9back_fid *fid, loff_t size)
{
	struct file *file = p9b_fid_file(fid);

	if (file && file->f_mode & FMODE_WRITE)
		return set_size_of_open(fid, file, size);
	return vfs_truncate(&fid->path, size);
}

static int set_size(const struct p9back_request *req)
{
	const struct p9back_fid *fid = req->fid;
	struct inode *inode = d_inode(fid->path.dentry);
	loff_t size = req->req.length;
	struct p9back_growth growth;
	int err;

	if (!(req->req.valid & P9W_SET_SIZE))
		return 0;
	if (size < 0)
		return -EINVAL;
	if (!S_ISREG(inode->i_mode))
		return S_ISDIR(inode->i_mode) ? -EISDIR : -EINVAL;
	err = p9b_quota_grow(req->ring->be, inode, size, false, &growth);
	if (err)
		return err;
	err = resize(fid, size);
	p9b_quota_grown(req->ring->be, &growth);
	return err;
}

static int owner_attr(const struct p9back_request *req, struct iattr *attr)
{
	const struct p9back_export *export = &req->ring->be->export;
	const struct p9w_req *want = &req->req;
	kuid_t kuid;
	kgid_t kgid;

	if (want->valid & P9W_SET_UID) {
		if (p9b_user_uid(export, want->uid, &kuid))
			return -EINVAL;
		attr->ia_vfsuid = VFSUIDT_INIT(kuid);
		attr->ia_valid |= ATTR_UID;
	}
	if (want->valid & P9W_SET_GID) {
		if (p9b_user_gid(export, want->gid, &kgid))
			return -EINVAL;
		attr->ia_vfsgid = VFSGIDT_INIT(kgid);
		attr->ia_valid |= ATTR_GID;
	}
	return 0;
}

static int set_owner(const struct p9back_request *req)
{
	struct iattr attr = { .ia_valid = ATTR_CTIME };
	int err;

	if (!(req->req.valid & (P9W_SET_UID | P9W_SET_GID)))
		return 0;
	err = owner_attr(req, &attr);
	if (err)
		return err;
	if (!d_is_dir(req->fid->path.dentry))
		attr.ia_valid |= ATTR_KILL_SUID | ATTR_KILL_SGID |
				 ATTR_KILL_PRIV;
	err = change(&req->fid->path, &attr);
	/* Owners are kept as far as that works. */
	return err == -EPERM && req->ring->be->export.model == P9BACK_NONE ?
	       0 : err;
}

static int set_mode(const struct p9back_request *req)
{
	const struct p9back_export *export = &req->ring->be->export;
	const struct inode *inode = d_inode(req->fid->path.dentry);
	u32 mode = (req->req.mode & S_IALLUGO) | (inode->i_mode & S_IFMT);
	struct iattr attr = {
		.ia_valid = ATTR_MODE | ATTR_CTIME,
		.ia_mode = p9b_make_mode(export, mode),
	};

	if (!(req->req.valid & P9W_SET_MODE))
		return 0;
	return change(&req->fid->path, &attr);
}

/* What is kept in attributes instead, in a folder that has one owner. */
static int set_mapped(const struct p9back_request *req)
{
	const struct p9w_req *want = &req->req;
	const struct path *path = &req->fid->path;
	struct p9back_mapped mapped;
	u32 type;

	if (!(want->valid & (P9W_SET_MODE | P9W_SET_UID | P9W_SET_GID)))
		return 0;
	p9b_mapped_read(path, &mapped);
	type = mapped.has_mode ? mapped.mode : d_inode(path->dentry)->i_mode;
	mapped.has_mode = want->valid & P9W_SET_MODE;
	mapped.has_uid = want->valid & P9W_SET_UID;
	mapped.has_gid = want->valid & P9W_SET_GID;
	mapped.has_rdev = false;
	mapped.mode = (want->mode & S_IALLUGO) | (type & S_IFMT);
	mapped.uid = want->uid;
	mapped.gid = want->gid;
	return p9b_mapped_write(path, &mapped);
}

static void get_time(struct timespec64 *to, u64 sec, u64 nsec)
{
	to->tv_sec = sec;
	to->tv_nsec = nsec;
}

/*
 * The present time is for those who may write. Who changed the size, or what
 * only an owner can, was asked already; the client sends times along with it.
 */
static bool is_touch(const struct p9w_req *want)
{
	u32 now = want->valid & (P9W_SET_ATIME | P9W_SET_MTIME);

	return now && !(want->valid & ~(P9W_SET_ATIME | P9W_SET_MTIME |
					P9W_SET_CTIME));
}

static int set_times(const struct p9back_request *req)
{
	const struct p9w_req *want = &req->req;
	struct iattr attr = {};

	if (want->valid & P9W_SET_ATIME)
		attr.ia_valid |= ATTR_ATIME;
	if (want->valid & P9W_SET_MTIME)
		attr.ia_valid |= ATTR_MTIME;
	if (want->valid & P9W_SET_CTIME)
		attr.ia_valid |= ATTR_CTIME;
	if (want->valid & P9W_SET_ATIME && want->valid & P9W_SET_ATIME_TO) {
		attr.ia_valid |= ATTR_ATIME_SET;
		get_time(&attr.ia_atime, want->atime_sec, want->atime_nsec);
	}
	if (want->valid & P9W_SET_MTIME && want->valid & P9W_SET_MTIME_TO) {
		attr.ia_valid |= ATTR_MTIME_SET;
		get_time(&attr.ia_mtime, want->mtime_sec, want->mtime_nsec);
	}
	if (is_touch(want))
		attr.ia_valid |= ATTR_TOUCH;
	else if (attr.ia_valid & (ATTR_ATIME_SET | ATTR_MTIME_SET))
		attr.ia_valid |= ATTR_TIMES_SET;
	return attr.ia_valid ? change(&req->fid->path, &attr) : 0;
}

/*
 * One after the other: the kernel does not take a new mode together with the
 * loss of set-uid bits that a new owner brings.
 */
static int set_attr(const struct p9back_request *req)
{
	int err;

	if (req->ring->be->export.model == P9BACK_MAPPED)
		err = set_mapped(req);
	else
		err = set_owner(req) ?: set_mode(req);
	return err ?: set_times(req);
}

/**
 * p9b_op_setattr() - Tsetattr
 * @req: the request
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_setattr(struct p9back_request *req)
{
	struct vfsmount *mnt = req->fid->path.mnt;
	int err = set_size(req);

	if (err || req->req.valid == P9W_SET_SIZE)
		return err;
	err = mnt_want_write(mnt);
	if (err)
		return err;
	err = set_attr(req);
	mnt_drop_write(mnt);
	return err;
}

/**
 * p9b_op_statfs() - Tstatfs
 * @req: the request
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_statfs(struct p9back_request *req)
{
	struct p9w_statfs st = {};
	struct kstatfs from;
	int err = vfs_statfs(&req->fid->path, &from);

	if (err)
		return err;
	st.type = from.f_type;
	st.bsize = from.f_bsize;
	st.blocks = from.f_blocks;
	st.bfree = from.f_bfree;
	st.bavail = from.f_bavail;
	st.files = from.f_files;
	st.ffree = from.f_ffree;
	st.fsid = (u32)from.f_fsid.val[0] | (u64)from.f_fsid.val[1] << 32;
	st.namelen = min_t(long, from.f_namelen, P9W_NAME_MAX);
	p9w_put_statfs(&req->out, &st);
	return 0;
}

/* A link that reads itself leads to no name: /proc has such. */
static int read_link(struct p9back_request *req)
{
	struct dentry *dentry = req->fid->path.dentry;
	DEFINE_DELAYED_CALL(done);
	const char *target;

	if (d_inode(dentry)->i_op->readlink)
		return -EOPNOTSUPP;
	target = vfs_get_link(dentry, &done);
	if (IS_ERR(target))
		return PTR_ERR(target);
	p9w_put_str(&req->out, target, strnlen(target, PATH_MAX));
	do_delayed_call(&done);
	return 0;
}

/* A link of a folder that has one owner for all is a file that has its target. */
static int read_mapped_link(struct p9back_request *req)
{
	const struct path *path = &req->fid->path;
	u32 max = min_t(u32, P9W_PATH_MAX, req->out.room - P9W_HEAD - 2);
	struct p9back_mapped mapped;
	struct file *file;
	loff_t pos = 0;
	ssize_t len;
	u8 *to;

	p9b_mapped_read(path, &mapped);
	if (!d_is_reg(path->dentry) || !mapped.has_mode ||
	    !S_ISLNK(mapped.mode))
		return -EINVAL;
	if (i_size_read(d_inode(path->dentry)) > max)
		return -EMSGSIZE;
	file = dentry_open(path, O_RDONLY | O_LARGEFILE, req->fid->cred);
	if (IS_ERR(file))
		return PTR_ERR(file);
	to = p9w_skip(&req->out, 2 + max);
	len = to ? kernel_read(file, to + 2, max, &pos) : -ENOBUFS;
	__fput_sync(file);
	if (len < 0)
		return len;
	req->out.pos = P9W_HEAD;
	p9w_put16(&req->out, len);
	p9w_skip(&req->out, len);
	return 0;
}

/**
 * p9b_op_readlink() - Treadlink
 * @req: the request
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_readlink(struct p9back_request *req)
{
	u32 most = P9W_HEAD + 2 + P9W_PATH_MAX;
	int err = p9b_request_room(req, min(most, req->session->msize));

	if (err)
		return err;
	if (d_is_symlink(req->fid->path.dentry))
		return read_link(req);
	if (req->ring->be->export.model == P9BACK_MAPPED)
		return read_mapped_link(req);
	return -EINVAL;
}
