// SPDX-License-Identifier: GPL-2.0
/* The lanes' tests again, watched for data races (sources.mk). */
#include "test_lane.c"
