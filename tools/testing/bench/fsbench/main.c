// SPDX-License-Identifier: GPL-2.0
/*
 * usage: fsbench storm FOLDER AMOUNT
 *        fsbench tree FOLDER FILES
 *        fsbench walk FOLDER AMOUNT
 *
 * The first makes small files in FOLDER, looks at them, renames and removes them;
 * the second makes a tree of as many small files, for the third, which looks at
 * each entry, as "git status" does. AMOUNT is a number, or a time such as 2s;
 * what is printed is the speed, in so many a second.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fsbench.h"

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	struct amount amount;

	if (argc != 4)
		give_up("usage: fsbench storm|tree|walk FOLDER AMOUNT");
	if (chdir(argv[2]))
		give_up("%s: %s", argv[2], strerror(errno));
	amount = amount_of(argv[3]);
	if (!strcmp(what, "storm"))
		storm(&amount);
	else if (!strcmp(what, "tree"))
		tree_make(amount.count);
	else if (!strcmp(what, "walk"))
		tree_walk(&amount);
	else
		give_up("no such load: %s", what);
	return 0;
}
