/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_LINUX_SPINLOCK_H
#define SHIM_LINUX_SPINLOCK_H

#include <pthread.h>

typedef pthread_mutex_t spinlock_t;

#define spin_lock_init(lock)	pthread_mutex_init((lock), NULL)
#define spin_lock_irqsave(lock, flags) \
	do { (flags) = 0; pthread_mutex_lock(lock); } while (0)
#define spin_unlock_irqrestore(lock, flags) \
	do { (void)(flags); pthread_mutex_unlock(lock); } while (0)

#define spin_lock_irq(lock)	pthread_mutex_lock(lock)
#define spin_unlock_irq(lock)	pthread_mutex_unlock(lock)

#endif
