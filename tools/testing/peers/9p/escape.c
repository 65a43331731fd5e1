// SPDX-License-Identifier: GPL-2.0
/*
 * A client that wants to see or change what is not in its folder, which holds:
 * dir/, dir/file, file, link-abs and link-up (to a file beside the folder),
 * link-dir (to the folder above), mnt/ (where something is mounted), node (a
 * device), pipe. The test in dom0 looks whether anything beside it has changed.
 */
#include <errno.h>
#include <string.h>

#include "p9.h"

enum { ROOT = 1, DIR, FILE_, LINK, NEW, OTHER };

static void try_walks(struct share *sh)
{
	char longest[300];

	refused("walks no ..", walk(sh, ROOT, NEW, ".."), EINVAL);
	refused("walks no .. behind a name", walk2(sh, ROOT, NEW, "dir", ".."), EINVAL);
	refused("walks no .", walk(sh, ROOT, NEW, "."), EINVAL);
	refused("walks no ../", walk(sh, ROOT, NEW, "../secret"), EINVAL);
	refused("walks no path", walk(sh, ROOT, NEW, "dir/file"), EINVAL);
	refused("walks no absolute path", walk(sh, ROOT, NEW, "/etc/passwd"), EINVAL);
	refused("walks no empty name", walk(sh, ROOT, NEW, ""), EINVAL);
	refused("walks no name with a NUL",
		call(sh, TWALK, "ddwr", ROOT, NEW, 1, "dir\0/..", 7), EINVAL);
	refused("walks no .. with a NUL behind it",
		call(sh, TWALK, "ddwr", ROOT, NEW, 1, "..\0", 3), EINVAL);
	memset(longest, 'a', sizeof(longest));
	refused("walks no name of 256 bytes",
		call(sh, TWALK, "ddwr", ROOT, NEW, 1, longest, 256), ENAMETOOLONG);
	refused("finds no .. that is a dot and a slash", walk(sh, ROOT, NEW, "./.."), EINVAL);
	refused("walks through no file", walk2(sh, ROOT, NEW, "file", "x"), ENOENT);
	refused("the fid of a failed walk is none", clunk(sh, NEW), EBADF);
}

static void try_attaches(struct share *sh)
{
	refused("attaches to nothing above",
		call(sh, TATTACH, "ddssd", NEW, NOFID, "", "/..", 0), ENOENT);
	refused("attaches to no relative tree",
		call(sh, TATTACH, "ddssd", NEW, NOFID, "", "../", 0), ENOENT);
	refused("attaches to no absolute tree",
		call(sh, TATTACH, "ddssd", NEW, NOFID, "", "/etc", 0), ENOENT);
	refused("has nothing to authenticate",
		call(sh, TAUTH, "dssd", NEW, "", "", 0), EOPNOTSUPP);
}

static void try_links(struct share *sh)
{
	refused("follows no link in mid-walk", walk2(sh, ROOT, NEW, "link-dir", "secret"), ENOENT);
	allowed("walks to a link", walk(sh, ROOT, LINK, "link-abs"));
	refused("opens no link", call(sh, TLOPEN, "dd", LINK, 0), ELOOP);
	refused("opens no link to write", call(sh, TLOPEN, "dd", LINK, 01002), ELOOP);
	refused("walks from no link", walk(sh, LINK, NEW, "x"), ENOTDIR);
	refused("makes nothing in a link",
		call(sh, TMKDIR, "dsdd", LINK, "x", 0755, 0), ENOTDIR);
	refused("sets no size by a link",
		call(sh, TSETATTR, "dddddqqqqq", LINK, 8, 0, 0, 0, 0ULL, 0ULL, 0ULL, 0ULL, 0ULL),
		EINVAL);
	refused("reads no attribute by a link",
		call(sh, TXATTRWALK, "dds", LINK, NEW, "user.secret"), ENODATA);
	allowed("clones the folder", walk(sh, ROOT, NEW, NULL));
	refused("creates nothing through a link",
		call(sh, TLCREATE, "dsddd", NEW, "link-up", 01102, 0644, 0), ELOOP);
	refused("creates nothing where a link is",
		call(sh, TLCREATE, "dsddd", NEW, "link-up", 01302, 0644, 0), EEXIST);
	allowed("the fid still is the folder's", clunk(sh, NEW));
	allowed("reads where a link points to", call(sh, TREADLINK, "d", LINK));
	clunk(sh, LINK);
}

static void try_names(struct share *sh)
{
	allowed("clones the folder", walk(sh, ROOT, NEW, NULL));
	refused("creates no ../x", call(sh, TLCREATE, "dsddd", NEW, "../x", 0102, 0644, 0),
		EINVAL);
	refused("makes no folder ../x", call(sh, TMKDIR, "dsdd", ROOT, "../x", 0755, 0), EINVAL);
	refused("makes no node ../x",
		call(sh, TMKNOD, "dsdddd", ROOT, "../x", 0100644, 0, 0, 0), EINVAL);
	refused("makes no link ../x", call(sh, TSYMLINK, "dssd", ROOT, "../x", "y", 0), EINVAL);
	refused("links no ../x", call(sh, TLINK, "dds", ROOT, FILE_, "../x"), EINVAL);
	refused("renames nothing to ../x",
		call(sh, TRENAMEAT, "dsds", ROOT, "file", ROOT, "../x"), EINVAL);
	refused("renames no ../secret",
		call(sh, TRENAMEAT, "dsds", ROOT, "../secret", ROOT, "x"), EINVAL);
	refused("renames no fid to ../x", call(sh, TRENAME, "dds", FILE_, ROOT, "../x"), EINVAL);
	refused("renames nothing to ..",
		call(sh, TRENAMEAT, "dsds", DIR, "file", DIR, ".."), EINVAL);
	refused("removes no ../secret", call(sh, TUNLINKAT, "dsd", ROOT, "../secret", 0), EINVAL);
	refused("removes no ..", call(sh, TUNLINKAT, "dsd", DIR, "..", 0x200), EINVAL);
	refused("removes no .", call(sh, TUNLINKAT, "dsd", DIR, ".", 0x200), EINVAL);
	clunk(sh, NEW);
}

static void try_roots(struct share *sh)
{
	allowed("clones the folder", walk(sh, ROOT, NEW, NULL));
	refused("does not move the folder itself", call(sh, TRENAME, "dds", NEW, DIR, "x"), EBUSY);
	refused("does not remove the folder itself", call(sh, TREMOVE, "d", NEW), EBUSY);
	refused("and that fid is gone", clunk(sh, NEW), EBADF);
	refused("links no folder", call(sh, TLINK, "dds", ROOT, DIR, "x"), EPERM);
	refused("moves no folder into itself",
		call(sh, TRENAMEAT, "dsds", ROOT, "dir", DIR, "x"), EINVAL);
}

static void try_mounts(struct share *sh)
{
	allowed("walks to where something is mounted", walk(sh, ROOT, NEW, "mnt"));
	refused("sees nothing of what is mounted there", walk(sh, NEW, OTHER, "secret"), ENOENT);
	clunk(sh, NEW);
}

static void try_nodes(struct share *sh)
{
	refused("makes no character device",
		call(sh, TMKNOD, "dsdddd", ROOT, "mem", 0020666, 1, 1, 0), EPERM);
	refused("makes no block device",
		call(sh, TMKNOD, "dsdddd", ROOT, "disk", 0060666, 202, 0, 0), EPERM);
	refused("makes no node of no type",
		call(sh, TMKNOD, "dsdddd", ROOT, "odd", 0170644, 0, 0, 0), EINVAL);
	allowed("walks to a device", walk(sh, ROOT, NEW, "node"));
	refused("opens no device", call(sh, TLOPEN, "dd", NEW, 2), ENXIO);
	clunk(sh, NEW);
	allowed("walks to a pipe", walk(sh, ROOT, NEW, "pipe"));
	refused("opens no pipe", call(sh, TLOPEN, "dd", NEW, 0), ENXIO);
	clunk(sh, NEW);
}

static void try_permissions(struct share *sh)
{
	__u32 mode = 0;

	allowed("clones the folder", walk(sh, ROOT, NEW, NULL));
	allowed("creates a file", call(sh, TLCREATE, "dsddd", NEW, "suid", 0102, 06755, 0));
	allowed("asks for its mode", get_mode(sh, NEW, &mode));
	rule("makes no file that runs as its owner",
	     !differs("the mode", mode, 0100755));
	allowed("changes its mode",
		call(sh, TSETATTR, "dddddqqqqq", NEW, 1, 06711, 0, 0, 0ULL, 0ULL, 0ULL, 0ULL,
		     0ULL));
	allowed("asks for its mode", get_mode(sh, NEW, &mode));
	rule("has no file run as its owner", !differs("the mode", mode, 0100711));
	clunk(sh, NEW);
	refused("sets no attribute of security",
		call(sh, TXATTRCREATE, "dsqd", FILE_, "security.capability", 20ULL, 0),
		EOPNOTSUPP);
	refused("sets no trusted attribute",
		call(sh, TXATTRCREATE, "dsqd", FILE_, "trusted.overlay.opaque", 1ULL, 0),
		EOPNOTSUPP);
	refused("reads no trusted attribute",
		call(sh, TXATTRWALK, "dds", FILE_, NEW, "trusted.x"), ENODATA);
	refused("sets no access list",
		call(sh, TXATTRCREATE, "dsqd", FILE_, "system.posix_acl_access", 28ULL, 0),
		EOPNOTSUPP);
}

/* Entries of the folder: the number of .. is the folder's own. */
static void try_entries(struct share *sh)
{
	__u64 root, found = 0;
	unsigned int at, end;

	allowed("asks for the folder", call(sh, TGETATTR, "dq", ROOT, 0x7ffULL));
	root = answer_number(sh, HEAD + 8 + 5, 8);
	allowed("clones the folder", walk(sh, ROOT, NEW, NULL));
	allowed("opens it", call(sh, TLOPEN, "dd", NEW, 0));
	allowed("reads it", call(sh, TREADDIR, "dqd", NEW, 0ULL, 8192));
	end = HEAD + 4 + answer_number(sh, HEAD, 4);
	for (at = HEAD + 4; at < end; at += 24 + answer_number(sh, at + 22, 2)) {
		if (answer_number(sh, at + 22, 2) != 2 || memcmp(sh->answer + at + 24, "..", 2))
			continue;
		found = answer_number(sh, at + 5, 8);
	}
	rule("says nothing of what is above", !differs("the number of ..", found, root));
	clunk(sh, NEW);
}

void play_escape(struct device *dev)
{
	struct share sh;

	share_open(&sh, dev, 4);
	if (!share_begin(&sh))
		give_up("not connected");
	refused("nothing before the version", attach(&sh, ROOT, 0), EPROTO);
	allowed("agrees on a version", version(&sh, MSIZE));
	refused("nothing without a fid", walk(&sh, ROOT, NEW, NULL), EBADF);
	allowed("attaches", attach(&sh, ROOT, 0));
	allowed("walks to a folder", walk(&sh, ROOT, DIR, "dir"));
	allowed("walks to a file", walk2(&sh, ROOT, FILE_, "dir", "file"));
	try_walks(&sh);
	try_attaches(&sh);
	try_links(&sh);
	try_names(&sh);
	try_roots(&sh);
	try_mounts(&sh);
	try_nodes(&sh);
	try_permissions(&sh);
	try_entries(&sh);
	rule("is let go of", share_close(&sh));
}

#define TRIES 150

/* Wait for dom0 to make a file. */
static bool wait_for_file(struct share *sh, const char *name)
{
	int i, err;

	for (i = 0; i < TRIES; i++) {
		err = walk(sh, ROOT, OTHER, name);
		if (!err) {
			clunk(sh, OTHER);
			return true;
		}
		channel_wait(&sh->ch, 100);
	}
	return false;
}

static int make_file(struct share *sh, const char *name)
{
	int err = walk(sh, ROOT, OTHER, NULL);

	if (err)
		return err;
	err = call(sh, TLCREATE, "dsddd", OTHER, name, 0102, 0644, 0);
	clunk(sh, OTHER);
	return err;
}

/*
 * A folder that this client has a fid of is moved out of the export, once it has
 * made the file "ready", by dom0, which then makes "done".
 */
void play_moved(struct device *dev)
{
	struct share sh;

	share_open(&sh, dev, 4);
	if (!share_begin(&sh) || version(&sh, MSIZE) || attach(&sh, ROOT, 0))
		give_up("not connected");
	allowed("walks to a folder", walk(&sh, ROOT, DIR, "moving"));
	allowed("walks to a file in it", walk(&sh, DIR, FILE_, "file"));
	allowed("tells that it has", make_file(&sh, "ready"));
	rule("hears that it is moved", wait_for_file(&sh, "done"));
	refused("walks no more in it", walk(&sh, DIR, NEW, "file"), ESTALE);
	refused("reads its attributes no more", call(&sh, TGETATTR, "dq", DIR, 0x7ffULL), ESTALE);
	refused("opens a file of it no more", call(&sh, TLOPEN, "dd", FILE_, 0), ESTALE);
	refused("makes nothing in it", call(&sh, TMKDIR, "dsdd", DIR, "x", 0755, 0), ESTALE);
	refused("moves nothing into it",
		call(&sh, TRENAMEAT, "dsds", ROOT, "file", DIR, "x"), ESTALE);
	refused("moves nothing out of it",
		call(&sh, TRENAMEAT, "dsds", DIR, "file", ROOT, "x"), ESTALE);
	refused("moves no file of it in by its fid",
		call(&sh, TRENAME, "dds", FILE_, ROOT, "x"), ESTALE);
	refused("removes nothing in it", call(&sh, TUNLINKAT, "dsd", DIR, "file", 0), ESTALE);
	refused("links nothing of it", call(&sh, TLINK, "dds", ROOT, FILE_, "x"), ESTALE);
	refused("removes no file of it by its fid", call(&sh, TREMOVE, "d", FILE_), ESTALE);
	rule("is let go of", share_close(&sh));
}
