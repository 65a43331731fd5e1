// SPDX-License-Identifier: GPL-2.0
/*
 * usage: reply LOG OFFSET ID SECONDS
 *
 * Follows a guest's console log from OFFSET for the answer to command ID: lines
 * "@ID text" are printed without their mark as they come, "@end ID STATUS" ends
 * it with that status. 125 says that no answer came, or that the guest died.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NO_ANSWER 125

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

int main(int argc, char **argv)
{
	static char buffer[65536], mark[64], end[64];
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
	const char *text;
	time_t deadline;
	FILE *log;

	if (argc != 5)
		return NO_ANSWER;
	log = fopen(argv[1], "r");
	if (!log || fseek(log, atol(argv[2]), SEEK_SET))
		return NO_ANSWER;
	snprintf(mark, sizeof(mark), "@%s ", argv[3]);
	snprintf(end, sizeof(end), "@end %s ", argv[3]);
	deadline = time(NULL) + atol(argv[4]);

	while (time(NULL) <= deadline) {
		if (!next_line(log, buffer, sizeof(buffer))) {
			nanosleep(&pause, NULL);
			continue;
		}
		text = after(buffer, end);
		if (text)
			return atoi(text);
		text = after(buffer, mark);
		if (text) {
			puts(text);
			fflush(stdout);
		}
		if (strstr(buffer, "Kernel panic"))
			return NO_ANSWER;
		buffer[0] = '\0';
	}
	return NO_ANSWER;
}
