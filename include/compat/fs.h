/* SPDX-License-Identifier: GPL-2.0 */
/*
 * File system differences: maps of mounts, renaming, file locks, and access lists.
 *
 * A driver that uses these helpers reads like one for the newest kernel.
 */
#ifndef COMPAT_FS_H
#define COMPAT_FS_H

#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/posix_acl.h>
#include <linux/xattr.h>

#include <compat/compat.h>

#ifdef HAVE_FILE_LOCK_CORE
#include <linux/filelock.h>
#endif

#ifndef HAVE_MNT_IDMAP
/* A mount's map of owners, once a name space of users. Only passed on. */
#define mnt_idmap(mnt)	mnt_user_ns(mnt)
#endif

/**
 * compat_vfs_rename() - rename a file within a mount
 * @mnt: the mount
 * @old_dir: the folder it is in, locked with lock_rename()
 * @old: the file
 * @new_dir: the folder it shall be in, locked likewise
 * @new: the name it shall have, and the file that had it
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno.
 */
static inline int compat_vfs_rename(struct vfsmount *mnt,
				    struct inode *old_dir, struct dentry *old,
				    struct inode *new_dir, struct dentry *new)
{
	struct renamedata what = {
#ifdef HAVE_MNT_IDMAP
		.old_mnt_idmap = mnt_idmap(mnt),
		.new_mnt_idmap = mnt_idmap(mnt),
#else
		.old_mnt_userns = mnt_idmap(mnt),
		.new_mnt_userns = mnt_idmap(mnt),
#endif
		.old_dir = old_dir,
		.old_dentry = old,
		.new_dir = new_dir,
		.new_dentry = new,
	};

	return vfs_rename(&what);
}

/**
 * compat_lock_set() - set up a POSIX lock
 * @lock: zeroed by locks_init_lock()
 * @file: the file
 * @owner: whose it is
 * @type: F_RDLCK, F_WRLCK or F_UNLCK
 * @pid: what is told of the owner
 */
static inline void compat_lock_set(struct file_lock *lock, struct file *file,
				   fl_owner_t owner, unsigned char type,
				   pid_t pid)
{
#ifdef HAVE_FILE_LOCK_CORE
	lock->c.flc_file = file;
	lock->c.flc_owner = owner;
	lock->c.flc_type = type;
	lock->c.flc_pid = pid;
	lock->c.flc_flags = FL_POSIX;
#else
	lock->fl_file = file;
	lock->fl_owner = owner;
	lock->fl_type = type;
	lock->fl_pid = pid;
	lock->fl_flags = FL_POSIX;
#endif
}

/**
 * compat_lock_type() - the type of a lock
 * @lock: the lock
 *
 * Return: F_RDLCK, F_WRLCK or F_UNLCK.
 */
static inline unsigned char compat_lock_type(const struct file_lock *lock)
{
#ifdef HAVE_FILE_LOCK_CORE
	return lock->c.flc_type;
#else
	return lock->fl_type;
#endif
}

/**
 * compat_lock_pid() - what is told of a lock's owner
 * @lock: the lock
 */
static inline pid_t compat_lock_pid(const struct file_lock *lock)
{
#ifdef HAVE_FILE_LOCK_CORE
	return lock->c.flc_pid;
#else
	return lock->fl_pid;
#endif
}

/**
 * compat_has_default_acl() - whether a folder says what new files permit
 * @folder: the folder
 *
 * Context: process; sleeps.
 */
static inline bool compat_has_default_acl(const struct path *folder)
{
#ifdef HAVE_VFS_GET_ACL
	struct posix_acl *acl = vfs_get_acl(mnt_idmap(folder->mnt),
					    folder->dentry,
					    XATTR_NAME_POSIX_ACL_DEFAULT);

	if (IS_ERR(acl))
		return false;
	posix_acl_release(acl);
	return true;
#else
	return vfs_getxattr(mnt_idmap(folder->mnt), folder->dentry,
			    XATTR_NAME_POSIX_ACL_DEFAULT, NULL, 0) > 0;
#endif
}

#endif /* COMPAT_FS_H */
