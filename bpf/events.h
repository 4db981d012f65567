/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
#ifndef GUARD_EVENTS_H
#define GUARD_EVENTS_H

#include "maps.h"

static __always_inline void fill(struct event *event, __u32 tgid, __u32 slot, __u32 mode, __u8 kind, __u8 outcome, __u8 method)
{
	__u64 id = bpf_get_current_pid_tgid();
	event->at_ns = bpf_ktime_get_ns();
	event->tgid = tgid;
	event->tid = (__u32)id;
	event->by_tgid = id >> 32;
	event->slot = slot;
	event->mode = mode;
	event->kind = kind;
	event->outcome = mode == MODE_ENFORCE ? outcome : OUTCOME_NONE;
	event->method = method;
}

static __always_inline void send(void *event, __u64 size)
{
	count(COUNT_DENIED);
	if (bpf_ringbuf_output(&events, event, size, 0))
		count(COUNT_LOST);
}

/* Events without a path: what was tried, and what comes of it. True: act. */
static __always_inline bool tell_call(__u32 tgid, __u32 slot, __u32 mode, __u8 kind, __u8 outcome, __u8 method, int syscall, __u8 odd, __u32 value)
{
	struct event event = {};
	fill(&event, tgid, slot, mode, kind, outcome, method);
	event.syscall = syscall;
	event.odd = odd;
	event.value = value;
	send(&event, sizeof(event));
	return mode == MODE_ENFORCE;
}

static __always_inline void kill_current(void)
{
	bpf_send_signal(SIGKILL);
}

#endif
