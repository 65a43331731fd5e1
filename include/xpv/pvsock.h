/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PV sockets, for programs that ask for them:
 *
 *	socket(AF_INET, SOCK_STREAM, IPPROTO_PVCALLS)
 *
 * The protocol's number is none of the Internet's, which end at 255, nor of
 * Linux's, of which 256 (SMC), 261 (QUIC) and 262 (MPTCP) are taken; 263 is the
 * first that Linux refuses. Kernel and user space share this file, and it needs
 * no other.
 */
#ifndef XPV_PVSOCK_H
#define XPV_PVSOCK_H

#define IPPROTO_PVCALLS	259

#endif
