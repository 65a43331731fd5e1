// SPDX-License-Identifier: GPL-2.0
/*
 * The last that a guest's init becomes: carries out what dom0 asks for over the
 * console, which is its standard input and output. In C, since each process that
 * a shell would start for it takes an emulated guest tens of milliseconds.
 *
 * Requests, one a line, short so that the console loses nothing:
 *   w TEXT		append a piece of the command, in base64
 *   x ID SECONDS	run it: output lines come as "@ID text", then "@end ID STATUS"
 *
 * A line is written at once: the kernel's messages go to the same console.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMAND "/tmp/command"
#define KILLED 137

/* A command that is running. */
struct run {
	pid_t pid;
	int output;		/* -1 once all who could write to it are gone */
	int status;		/* -1 while it has none */
	time_t deadline;
	char id[64];
	char text[16384];	/* output that is no whole line yet */
	size_t length;
};

static char command[1 << 20];
static size_t command_length;

static int digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *place = c ? strchr(digits, c) : NULL;

	return place ? (int)(place - digits) : -1;
}

static void append(const char *text)
{
	unsigned int word = 0, bits = 0;
	int value;

	for (; (value = digit(*text)) >= 0; text++) {
		word = word << 6 | (unsigned int)value;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		if (command_length < sizeof(command))
			command[command_length++] = (char)(word >> bits);
	}
}

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

static void say(const char *text, size_t length)
{
	ssize_t done;

	for (; length; text += done, length -= (size_t)done) {
		done = write(STDOUT_FILENO, text, length);
		if (done < 0 && errno != EINTR && errno != EAGAIN)
			return;
		if (done < 0)
			done = 0;
	}
}

static void store_command(void)
{
	int fd = open(COMMAND, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, command, command_length) != (ssize_t)command_length)
		say("@init the command cannot be stored\n", 35);
	close(fd);
	command_length = 0;
}

/* In a group of its own, so that it can be killed with all that it waits for. */
static void begin(struct run *run, const char *id, long seconds)
{
	sigset_t none;
	int ends[2];

	snprintf(run->id, sizeof(run->id), "%s", id);
	run->deadline = now() + seconds;
	run->status = -1;
	run->output = -1;
	run->length = 0;
	store_command();
	if (pipe2(ends, O_CLOEXEC))
		exit(1);
	run->pid = fork();
	if (run->pid) {
		close(ends[1]);
		run->output = ends[0];
		return;
	}
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
	dup2(ends[1], STDOUT_FILENO);
	dup2(ends[1], STDERR_FILENO);
	execl("/bin/sh", "sh", COMMAND, NULL);
	_exit(127);
}

/* Everything that ends is a child of the first process sooner or later. */
static void reap(struct run *run)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == run->pid)
			run->status = WIFEXITED(status) ? WEXITSTATUS(status) :
							  128 + WTERMSIG(status);
}

static void pass(const struct run *run, const char *text, size_t length)
{
	static char line[sizeof(run->text) + 80];
	int total = snprintf(line, sizeof(line), "@%s %.*s\n", run->id, (int)length, text);

	say(line, (size_t)total);
}

/* Pass whole lines on, and what is left at the end. */
static void relay(struct run *run)
{
	char *from = run->text, *end;
	ssize_t got = read(run->output, from + run->length, sizeof(run->text) - run->length);
	size_t have = run->length + (got > 0 ? (size_t)got : 0);

	while ((end = memchr(from, '\n', have))) {
		pass(run, from, (size_t)(end - from));
		have -= (size_t)(end + 1 - from);
		from = end + 1;
	}
	if (have && (!got || have == sizeof(run->text))) {
		pass(run, from, have);
		have = 0;
	}
	memmove(run->text, from, have);
	run->length = have;
	if (!got) {
		close(run->output);
		run->output = -1;
	}
}

static void finish(struct run *run)
{
	char line[128];
	int length = snprintf(line, sizeof(line), "\n@end %s %d\n", run->id, run->status);

	say(line, (size_t)length);
	run->pid = 0;
}

static void kill_late(struct run *run)
{
	if (now() < run->deadline)
		return;
	kill(-run->pid, SIGKILL);
	run->status = KILLED;
	if (run->output >= 0)
		close(run->output);
	run->output = -1;
}

static void obey(struct run *run, char *line)
{
	char id[64];
	long seconds;

	if (line[0] == 'w' && line[1] == ' ')
		append(line + 2);
	else if (sscanf(line, "x %63s %ld", id, &seconds) == 2)
		begin(run, id, seconds);
}

/* Requests that came, up to one that starts a command. */
static void take_requests(struct run *run, bool readable)
{
	static char buffer[8192];
	static size_t have;
	char *end;
	ssize_t got;

	if (readable) {
		got = read(STDIN_FILENO, buffer + have, sizeof(buffer) - have);
		have += got > 0 ? (size_t)got : 0;
	}
	while (!run->pid && (end = memchr(buffer, '\n', have))) {
		*end++ = '\0';
		obey(run, buffer);
		have -= (size_t)(end - buffer);
		memmove(buffer, end, have);
	}
	if (have == sizeof(buffer))
		have = 0;	/* no request is that long */
}

int main(void)
{
	static struct run run = { .output = -1 };
	struct signalfd_siginfo info;
	struct pollfd fds[3];
	sigset_t children;

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_BLOCK, &children, NULL);
	fds[0] = (struct pollfd) { signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK), POLLIN, 0 };
	fds[1].events = POLLIN;
	fds[2].events = POLLIN;
	say("@ready\n", 7);
	for (;;) {
		/* While a command runs, nothing is asked for. */
		fds[1].fd = run.pid ? -1 : STDIN_FILENO;
		fds[2].fd = run.output;
		poll(fds, 3, run.pid ? 1000 : -1);
		while (read(fds[0].fd, &info, sizeof(info)) > 0)
			;
		reap(&run);
		if (run.output >= 0 && fds[2].revents)
			relay(&run);
		if (run.pid && (run.status < 0 || run.output >= 0))
			kill_late(&run);
		if (run.pid && run.status >= 0 && run.output < 0)
			finish(&run);
		take_requests(&run, !run.pid && fds[1].revents & POLLIN);
	}
}
