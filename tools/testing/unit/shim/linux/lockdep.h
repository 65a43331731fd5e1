/* SPDX-License-Identifier: GPL-2.0 */
#ifndef lockdep_assert_held
#define lockdep_assert_held(lock)	((void)(lock))
#endif
