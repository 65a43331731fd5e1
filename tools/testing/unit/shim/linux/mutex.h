/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_LINUX_MUTEX_H
#define SHIM_LINUX_MUTEX_H

#include <pthread.h>

struct mutex {
	pthread_mutex_t lock;
};

#define DEFINE_MUTEX(name) \
	struct mutex name = { PTHREAD_MUTEX_INITIALIZER }
#define mutex_lock(mutex)		pthread_mutex_lock(&(mutex)->lock)
#define mutex_unlock(mutex)		pthread_mutex_unlock(&(mutex)->lock)
#define lockdep_assert_held(mutex)	((void)(mutex))

#endif
