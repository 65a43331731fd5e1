// SPDX-License-Identifier: GPL-2.0
/* A mount's map of owners has a type of its own. */
#include <linux/fs.h>
#include <linux/mount.h>

int probe(struct vfsmount *mnt, struct renamedata *what);
int probe(struct vfsmount *mnt, struct renamedata *what)
{
	struct mnt_idmap *map = mnt_idmap(mnt);

	what->old_mnt_idmap = map;
	what->new_mnt_idmap = map;
	return vfs_rename(what);
}
