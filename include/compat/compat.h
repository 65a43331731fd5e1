/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The differences between the kernels that the suite is built for.
 *
 * The suite is written to the newest kernel's API. What an older kernel lacks
 * is made up for here and in the headers beside this one (block.h), so that
 * no other file has to know. No kernel version is compared anywhere: the files
 * of probes/ are compiled with the kernel's own flags before the rest, and
 * compat_config.h says HAVE_NAME for each probes/name.c that could be.
 *
 * This header is for what every module may need; it is empty as long as the
 * kernels agree.
 */
#ifndef COMPAT_COMPAT_H
#define COMPAT_COMPAT_H

#include <compat_config.h>

#endif /* COMPAT_COMPAT_H */
