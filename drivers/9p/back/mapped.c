// SPDX-License-Identifier: GPL-2.0
/*
 * The security model mapped-xattr: files of one owner, and what the guest takes
 * for their owner, permissions and type in attributes of theirs.
 *
 * The names and layout are those of QEMU's backend, so that a folder can go
 * from one to the other.
 */
#include <linux/mount.h>
#include <linux/types.h>
#include <linux/kdev_t.h>
#include <linux/stat.h>
#include <linux/string.h>
#include <linux/xattr.h>

#include "p9back.h"

#define PREFIX	XATTR_USER_PREFIX "virtfs."

static bool get32(const struct path *path, const char *name, u32 *value)
{
	__le32 raw;

	if (vfs_getxattr(mnt_idmap(path->mnt), path->dentry, name, &raw,
			 sizeof(raw)) != sizeof(raw))
		return false;
	*value = le32_to_cpu(raw);
	return true;
}

static bool get_rdev(const struct path *path, struct p9back_mapped *mapped)
{
	__le64 raw;
	dev_t dev;

	if (vfs_getxattr(mnt_idmap(path->mnt), path->dentry, PREFIX "rdev",
			 &raw, sizeof(raw)) != sizeof(raw))
		return false;
	dev = new_decode_dev(le64_to_cpu(raw));
	mapped->major = MAJOR(dev);
	mapped->minor = MINOR(dev);
	return true;
}

/**
 * p9b_mapped_read() - read what is kept of a file
 * @path: the file
 * @mapped: filled
 *
 * Context: process; sleeps.
 */
void p9b_mapped_read(const struct path *path, struct p9back_mapped *mapped)
{
	const struct inode *inode = d_inode(path->dentry);

	memset(mapped, 0, sizeof(*mapped));
	if (!S_ISREG(inode->i_mode) && !S_ISDIR(inode->i_mode))
		return;
	mapped->has_uid = get32(path, PREFIX "uid", &mapped->uid);
	mapped->has_gid = get32(path, PREFIX "gid", &mapped->gid);
	mapped->has_mode = get32(path, PREFIX "mode", &mapped->mode);
	mapped->has_rdev = get_rdev(path, mapped);
	/* A folder is one, whatever is written there, and nothing else is. */
	if (S_ISDIR(mapped->mode) != S_ISDIR(inode->i_mode))
		mapped->has_mode = false;
}

static int set32(const struct path *path, const char *name, u32 value)
{
	__le32 raw = cpu_to_le32(value);

	return vfs_setxattr(mnt_idmap(path->mnt), path->dentry, name, &raw,
			    sizeof(raw), 0);
}

static int set_rdev(const struct path *path,
		    const struct p9back_mapped *mapped)
{
	dev_t dev = MKDEV(mapped->major, mapped->minor);
	__le64 raw = cpu_to_le64(new_encode_dev(dev));

	return vfs_setxattr(mnt_idmap(path->mnt), path->dentry, PREFIX "rdev",
			    &raw, sizeof(raw), 0);
}

/**
 * p9b_mapped_write() - keep something of a file
 * @path: the file; write access to its mount is held
 * @mapped: what
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno.
 */
int p9b_mapped_write(const struct path *path, const struct p9back_mapped *mapped)
{
	int err = 0;

	if (mapped->has_uid)
		err = set32(path, PREFIX "uid", mapped->uid);
	if (!err && mapped->has_gid)
		err = set32(path, PREFIX "gid", mapped->gid);
	if (!err && mapped->has_mode)
		err = set32(path, PREFIX "mode", mapped->mode);
	if (!err && mapped->has_rdev)
		err = set_rdev(path, mapped);
	return err;
}

/**
 * p9b_mapped_is_ours() - whether an attribute is one of those
 * @name: its name
 */
bool p9b_mapped_is_ours(const char *name)
{
	return strstarts(name, PREFIX);
}
