/* SPDX-License-Identifier: GPL-2.0 */
/* What every test includes first: cmocka wants these headers before its own. */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#endif
