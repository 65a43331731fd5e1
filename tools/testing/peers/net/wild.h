/* SPDX-License-Identifier: GPL-2.0 */
/* The hostile frontend's two halves. */
#ifndef WILD_H
#define WILD_H

#include "net.h"

/* hostile.c */
void hostile_begin(struct card *card);
bool hostile_leave(struct card *card);
bool hostile_recovers(struct card *card);

typedef void (*attack_fn)(struct device *dev, const char *what, bool (*how)(struct card *card));

/* wild.c */
void wild_attacks(struct device *dev, attack_fn attack);
void mild_attacks(struct device *dev, attack_fn attack);

#endif
