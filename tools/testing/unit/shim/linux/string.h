/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_STRING_H
#define SHIM_STRING_H

#include <errno.h>
#include <string.h>
#include <sys/types.h>

/* Return: the length, or -E2BIG if it was cut. */
static inline ssize_t strscpy(char *to, const char *from, size_t size)
{
	size_t len = strnlen(from, size);
	size_t kept = len < size ? len : size - 1;

	memcpy(to, from, kept);
	to[kept] = '\0';
	return len < size ? (ssize_t)len : -E2BIG;
}

#endif
