// SPDX-License-Identifier: GPL-2.0
/*
 * usage: ask LOG TTY SECONDS COMMAND
 *        ask --ready LOG OFFSET SECONDS
 *
 * Has a guest carry out a shell command: sends it to its console TTY, for the
 * guest's serve.c, and follows LOG, where the console's output goes, for the
 * answer. Lines of output are printed as they come, and the status is that of
 * the command. 137: it was killed after SECONDS. 125: no answer came, or the
 * guest died.
 *
 * --ready waits until a guest says, after OFFSET, that it serves commands.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#define NO_ANSWER 125

/* Longer than any command takes to be killed, in seconds. */
#define MARGIN 10

/* Bytes of a command in a line to the guest; a multiple of three. */
#define PIECE 135

static const char *after(const char *line, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(line, prefix, length) ? NULL : line + length;
}

/* Next whole line of the log; part of one stays in the buffer until it is. */
static char *next_line(FILE *log, char *buffer, size_t size)
{
	size_t have = strlen(buffer);

	clearerr(log);
	if (!fgets(buffer + have, (int)(size - have), log))
		return NULL;
	have = strlen(buffer);
	if (buffer[have - 1] != '\n' && have < size - 1)
		return NULL;
	buffer[strcspn(buffer, "\r\n")] = '\0';
	return buffer;
}

/* The log, to be followed: what is written to it from now on is told of. */
struct log {
	FILE *file;
	int news;
};

static bool open_log(struct log *log, const char *path, long offset, int whence)
{
	log->news = inotify_init1(IN_CLOEXEC);
	log->file = fopen(path, "r");
	return log->file && !fseek(log->file, offset, whence) &&
	       inotify_add_watch(log->news, path, IN_MODIFY) >= 0;
}

/* To look again and again would cost the emulated host more than most commands. */
static void await_news(const struct log *log)
{
	struct pollfd news = { .fd = log->news, .events = POLLIN };
	char events[4096];

	if (poll(&news, 1, 1000) > 0 && read(log->news, events, sizeof(events)) < 0)
		exit(NO_ANSWER);
}

/* Have each line of the log looked at, until one has a status or time is up. */
static int follow(const struct log *log, long seconds,
		  bool (*look)(const char *line, const char *id, int *status),
		  const char *id)
{
	static char buffer[65536];
	int status = NO_ANSWER;
	time_t deadline = time(NULL) + seconds;

	while (time(NULL) <= deadline) {
		if (!next_line(log->file, buffer, sizeof(buffer))) {
			await_news(log);
			continue;
		}
		if (look(buffer, id, &status) || strstr(buffer, "Kernel panic"))
			return status;
		buffer[0] = '\0';
	}
	return NO_ANSWER;
}

static bool look_for_ready(const char *line, const char *id, int *status)
{
	(void)id;
	if (!after(line, "@ready"))
		return false;
	*status = 0;
	return true;
}

static bool look_for_answer(const char *line, const char *id, int *status)
{
	const char *text = after(line, "@end "), *rest;

	rest = text ? after(text, id) : NULL;
	if (rest && *rest == ' ') {
		*status = atoi(rest);
		return true;
	}
	text = after(line, "@");
	rest = text ? after(text, id) : NULL;
	if (rest && *rest == ' ') {
		puts(rest + 1);
		fflush(stdout);
	}
	return false;
}

static void encode(FILE *out, const unsigned char *data, size_t length)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned int word;
	size_t i;

	for (i = 0; i < length; i += 3) {
		word = data[i] << 16;
		if (i + 1 < length)
			word |= data[i + 1] << 8;
		if (i + 2 < length)
			word |= data[i + 2];
		putc(digits[word >> 18], out);
		putc(digits[word >> 12 & 63], out);
		putc(i + 1 < length ? digits[word >> 6 & 63] : '=', out);
		putc(i + 2 < length ? digits[word & 63] : '=', out);
	}
}

/* The lines that serve.c describes, each short: a console is no wide channel. */
static bool send(const char *tty, const char *command, const char *id, long seconds)
{
	size_t left = strlen(command), piece;
	int fd = open(tty, O_WRONLY | O_NOCTTY);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	if (!out)
		return false;
	setvbuf(out, NULL, _IOLBF, BUFSIZ);
	for (; left; left -= piece, command += piece) {
		piece = left < PIECE ? left : PIECE;
		fputs("w ", out);
		encode(out, (const unsigned char *)command, piece);
		putc('\n', out);
	}
	fprintf(out, "x %s %ld\n", id, seconds);
	return !fclose(out);
}

static int wait_for_ready(const char *path, long offset, long seconds)
{
	struct log log;

	if (!open_log(&log, path, offset, SEEK_SET))
		return NO_ANSWER;
	return follow(&log, seconds, look_for_ready, NULL);
}

static int ask(const char *path, const char *tty, long seconds, const char *command)
{
	struct timespec now;
	struct log log;
	char id[64];

	if (!open_log(&log, path, 0, SEEK_END))
		return NO_ANSWER;
	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(id, sizeof(id), "%lld%03ld.%d", (long long)now.tv_sec,
		 now.tv_nsec / 1000000, getpid());
	if (!send(tty, command, id, seconds))
		return NO_ANSWER;
	return follow(&log, seconds + MARGIN, look_for_answer, id);
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return NO_ANSWER;
	if (!strcmp(argv[1], "--ready"))
		return wait_for_ready(argv[2], atol(argv[3]), atol(argv[4]));
	return ask(argv[1], argv[2], atol(argv[3]), argv[4]);
}
