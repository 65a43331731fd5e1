// SPDX-License-Identifier: GPL-2.0
/* What locks and leases have in common is a structure of its own. */
#include <linux/filelock.h>

void probe(struct file_lock *lock, struct file *file);
void probe(struct file_lock *lock, struct file *file)
{
	lock->c.flc_file = file;
	lock->c.flc_owner = file;
	lock->c.flc_type = 0;
	lock->c.flc_pid = 0;
	lock->c.flc_flags = FL_POSIX;
}
