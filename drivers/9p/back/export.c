// SPDX-License-Identifier: GPL-2.0
/*
 * What is served: a folder, by a mount of its own.
 *
 * The mount is a private copy of the one that the folder is in, which begins at
 * the folder: nothing is mounted below it, whatever is mounted in dom0, now or
 * later, so that no name leads into another file system. It has no root above
 * it either. It is read-only if the export is.
 *
 * What the toolstack wrote into our own directory of the store says how: no
 * guest can write there.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "p9back.h"

/* The keys' texts. */
struct export_keys {
	char path[PATH_MAX];
	char model[32];
	char squash[8];
	char uid_map[512];
	char gid_map[512];
	bool readonly;
	bool devices;
	bool setuid;
	unsigned int squash_uid;
	unsigned int squash_gid;
	unsigned int max_open;
	unsigned int max_files;
	unsigned int max_space;
	unsigned int max_fids;
	bool auto_delete;
};

static const struct xpv_key export_key_table[] = {
	XPV_NEED_TEXT(export_keys, path, "path"),
	XPV_MAY_TEXT(export_keys, model, "security_model"),
	XPV_MAY_TEXT(export_keys, squash, "squash"),
	XPV_MAY_TEXT(export_keys, uid_map, "uid-map"),
	XPV_MAY_TEXT(export_keys, gid_map, "gid-map"),
	XPV_MAY_FLAG(export_keys, readonly, "read-only", false),
	XPV_MAY_FLAG(export_keys, devices, "allow-devices", false),
	XPV_MAY_FLAG(export_keys, setuid, "allow-setuid", false),
	XPV_MAY_UINT(export_keys, squash_uid, "squash-uid",
		     0, U32_MAX - 1, U32_MAX),
	XPV_MAY_UINT(export_keys, squash_gid, "squash-gid",
		     0, U32_MAX - 1, U32_MAX),
	XPV_MAY_UINT(export_keys, max_open, "max-open-files", 0, U32_MAX, 0),
	XPV_MAY_UINT(export_keys, max_files, "max-files", 0, U32_MAX, 0),
	XPV_MAY_UINT(export_keys, max_space, "max-space", 0, U32_MAX, 0),
	XPV_MAY_UINT(export_keys, max_fids, "max-fids", 0, U32_MAX, 0),
	XPV_MAY_FLAG(export_keys, auto_delete, "auto-delete", false),
};

static int refuse(struct p9back *be, int err, const char *key,
		  const char *text, const char *why)
{
	return xpv_device_fail(be->xdev, err, "%s: \"%s\" %s", key, text, why);
}

static int read_model(struct p9back *be, const char *text)
{
	static const char *const names[] = {
		[P9BACK_NONE] = "none",
		[P9BACK_PASSTHROUGH] = "passthrough",
		[P9BACK_MAPPED] = "mapped-xattr",
	};
	int i = match_string(names, ARRAY_SIZE(names), *text ? text : "none");

	if (i < 0)
		return refuse(be, -EINVAL, "security_model", text,
			      "is none of none, passthrough and mapped-xattr");
	be->export.model = i;
	return 0;
}

static int read_ids(struct p9back *be, const struct export_keys *keys)
{
	struct ids *ids = &be->export.ids;
	int err;

	err = ids_parse_squash(keys->squash, &ids->squash);
	if (err)
		return refuse(be, err, "squash", keys->squash,
			      "is none of none, root and all");
	err = ids_parse_map(keys->uid_map, &ids->uids);
	if (err)
		return refuse(be, err, "uid-map", keys->uid_map,
			      "is no list of GUEST:OURS:COUNT");
	err = ids_parse_map(keys->gid_map, &ids->gids);
	if (err)
		return refuse(be, err, "gid-map", keys->gid_map,
			      "is no list of GUEST:OURS:COUNT");
	return 0;
}

static unsigned int lower(unsigned int limit, unsigned int max)
{
	return limit ? min(limit, max) : max;
}

static int read_policy(struct p9back *be, const struct export_keys *keys)
{
	struct p9back_export *export = &be->export;
	int err;

	err = read_model(be, keys->model);
	if (err)
		return err;
	export->readonly = keys->readonly;
	export->devices = keys->devices;
	export->setuid = keys->setuid;
	export->limits.fids = lower(keys->max_fids,
				    READ_ONCE(p9back_max_fids));
	export->limits.open = lower(keys->max_open,
				    READ_ONCE(p9back_max_open));
	export->limits.files = keys->max_files;
	export->limits.space = keys->max_space;
	/* Who relies on it would find the folder full. */
	if (keys->auto_delete && (keys->max_files || keys->max_space))
		return refuse(be, -EOPNOTSUPP, "auto-delete", "1",
			      "cannot be had: no file is deleted to make room for others");
	return read_ids(be, keys);
}

/*
 * Whose files they are where there is one owner for all: the folder's, unless
 * the toolstack says.
 */
static void settle_owner(struct p9back_export *export,
			 const struct export_keys *keys)
{
	const struct inode *inode = d_inode(export->root.dentry);
	struct ids *ids = &export->ids;
	bool mapped = export->model == P9BACK_MAPPED;

	ids->squash_uid = keys->squash_uid;
	ids->squash_gid = keys->squash_gid;
	if (ids->squash_uid == U32_MAX)
		ids->squash_uid = mapped ? i_uid_read(inode) : IDS_NOBODY;
	if (ids->squash_gid == U32_MAX)
		ids->squash_gid = mapped ? i_gid_read(inode) : IDS_NOBODY;
	if (!mapped)
		return;
	ids->squash = IDS_SQUASH_ALL;
	ids->uids.nr = 0;
	ids->gids.nr = 0;
}

static int mount_folder(struct p9back *be, const char *name)
{
	struct p9back_export *export = &be->export;
	struct vfsmount *mnt;
	struct path path;
	int err;

	if (*name != '/')
		return refuse(be, -EINVAL, "path", name,
			      "does not begin at the root");
	err = kern_path(name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &path);
	if (err)
		return refuse(be, err == -EAGAIN ? -EIO : err, "path", name,
			      "cannot be found");
	mnt = clone_private_mount(&path);
	path_put(&path);
	if (IS_ERR(mnt))
		return refuse(be, -EINVAL, "path", name,
			      "is in a mount that cannot be shared");
	mnt->mnt_flags |= MNT_NOSUID | MNT_NODEV | MNT_NOEXEC;
	if (export->readonly)
		mnt->mnt_flags |= MNT_READONLY;
	export->root.mnt = mnt;
	export->root.dentry = mnt->mnt_root;
	strscpy(export->text, name, sizeof(export->text));
	return 0;
}

static int open_by(struct p9back *be, const struct export_keys *keys)
{
	int err = read_policy(be, keys);

	if (!err)
		err = mount_folder(be, keys->path);
	if (!err)
		settle_owner(&be->export, keys);
	return err;
}

/**
 * p9b_export_open() - find out what is to be served
 * @be: the device, not connected
 *
 * Context: the lane; sleeps.
 * Return: 0, or an error, already reported.
 */
int p9b_export_open(struct p9back *be)
{
	struct export_keys *keys = kzalloc(sizeof(*keys), GFP_KERNEL);
	int err;

	if (!keys)
		return -ENOMEM;
	err = xpv_store_read(be->xdev, XPV_OWN, export_key_table,
			     ARRAY_SIZE(export_key_table), keys);
	if (!err)
		err = open_by(be, keys);
	kfree(keys);
	return err;
}

/**
 * p9b_export_close() - serve it no more
 * @export: the export; nothing happens if it is not open
 *
 * Context: the lane; sleeps.
 */
void p9b_export_close(struct p9back_export *export)
{
	if (!export->root.dentry)
		return;
	kern_unmount(export->root.mnt);
	export->root.mnt = NULL;
	export->root.dentry = NULL;
}

/**
 * p9b_export_has() - whether a file is in the folder that is served
 * @export: the export
 * @dentry: the file
 *
 * One that a guest has a fid of may be moved out of it, by somebody here or by
 * another guest. What was removed counts as where it was.
 *
 * Context: process.
 */
bool p9b_export_has(const struct p9back_export *export,
		    const struct dentry *dentry)
{
	return is_subdir((struct dentry *)dentry, export->root.dentry);
}
