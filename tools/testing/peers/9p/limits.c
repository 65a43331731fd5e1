// SPDX-License-Identifier: GPL-2.0
/*
 * A client that wants more than it may: of an export with 50 fids and 10 open
 * files.
 */
#include <errno.h>
#include <string.h>

#include "p9.h"

#define FIDS 50
#define OPEN 10

enum { ROOT = 1, FIRST = 100 };

static void try_fids(struct share *sh)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < FIDS - 1 && !err; i++)
		err = walk(sh, ROOT, FIRST + i, "file");
	allowed("has as many fids as it may", err);
	refused("has no more", walk(sh, ROOT, FIRST + i, "file"), ENFILE);
	refused("nor by attaching", attach(sh, FIRST + i, 0), ENFILE);
	refused("nor for an attribute",
		call(sh, TXATTRWALK, "dds", ROOT, FIRST + i, ""), ENFILE);
	allowed("lets one go", clunk(sh, FIRST));
	allowed("has another", walk(sh, ROOT, FIRST, "file"));
	refused("has none twice", walk(sh, ROOT, FIRST + 1, "file"), ENFILE);
	for (i = 0; i < FIDS - 1; i++)
		err = err ?: clunk(sh, FIRST + i);
	allowed("lets all of them go", err);
	refused("and has them no more", clunk(sh, FIRST), EBADF);
}

static void try_files(struct share *sh)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < OPEN && !err; i++) {
		err = walk(sh, ROOT, FIRST + i, "file");
		err = err ?: call(sh, TLOPEN, "dd", FIRST + i, 0);
	}
	allowed("opens as many files as it may", err);
	allowed("walks to one more", walk(sh, ROOT, FIRST + i, "file"));
	refused("opens no more", call(sh, TLOPEN, "dd", FIRST + i, 0), EMFILE);
	refused("nor creates one",
		call(sh, TLCREATE, "dsddd", FIRST + i, "x", 0102, 0644, 0), EMFILE);
	allowed("closes one", clunk(sh, FIRST));
	allowed("opens another", call(sh, TLOPEN, "dd", FIRST + i, 0));
	refused("opens none twice", call(sh, TLOPEN, "dd", FIRST + 1, 0), EMFILE);
	for (i = 1; i <= OPEN; i++)
		err = err ?: clunk(sh, FIRST + i);
	allowed("closes all of them", err);
}

static void try_sizes(struct share *sh)
{
	allowed("walks to a file", walk(sh, ROOT, FIRST, "file"));
	allowed("opens it", call(sh, TLOPEN, "dd", FIRST, 2));
	refused("opens it once", call(sh, TLOPEN, "dd", FIRST, 2), EBADF);
	refused("reads nothing before its beginning",
		call(sh, TREAD, "dqd", FIRST, 1ULL << 63, 16), EINVAL);
	refused("writes nothing beyond all ends",
		call(sh, TWRITE, "dqdD", FIRST, ~0ULL >> 1, 4, "data", 4), EINVAL);
	allowed("reads as much as there is", call(sh, TREAD, "dqd", FIRST, 0ULL, ~0U));
	rule("in a message that is not too long", sh->answer_len <= MSIZE);
	refused("sets no attribute of 65537 bytes",
		call(sh, TXATTRCREATE, "dsqd", ROOT, "user.a", 65537ULL, 0), E2BIG);
	clunk(sh, FIRST);
}

void play_limits(struct device *dev)
{
	struct share sh;

	share_open(&sh, dev, 4);
	if (!share_begin(&sh) || version(&sh, MSIZE) || attach(&sh, ROOT, 0))
		give_up("not connected");
	try_fids(&sh);
	try_files(&sh);
	try_sizes(&sh);
	allowed("begins anew", version(&sh, MSIZE));
	refused("with no fid", clunk(&sh, ROOT), EBADF);
	rule("is let go of", share_close(&sh));
}
