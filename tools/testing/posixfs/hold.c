// SPDX-License-Identifier: GPL-2.0
/* A lock, held against processes of other guests. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "posixfs.h"

static void wake(int signal)
{
	(void)signal;
}

/* Who is woken early has the lock still, or can do nothing with the file. */
int hold_lock(const char *name, unsigned int seconds)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(name, O_RDWR);
	char byte;

	if (fd < 0 || fcntl(fd, F_SETLK, &lock)) {
		puts(errno == EAGAIN ? "EAGAIN" : strerror(errno));
		return 1;
	}
	puts("locked");
	fflush(stdout);
	signal(SIGTERM, wake);
	sleep(seconds);
	if (read(fd, &byte, 1) >= 0)
		return 0;
	puts(strerror(errno));
	return 1;
}
