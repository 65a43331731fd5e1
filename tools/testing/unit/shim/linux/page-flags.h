/* SPDX-License-Identifier: GPL-2.0 */
#define ClearPageForeign(page)	((page)->foreign = false)
