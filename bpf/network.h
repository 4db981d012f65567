/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
#ifndef GUARD_NETWORK_H
#define GUARD_NETWORK_H

#include "events.h"

/* Hits of one address and port. */
static __noinline int find_net(__u32 ruleset, struct net_key *asked, __u32 port)
{
	void *map = bpf_map_lookup_elem(&nets, &ruleset);
	if (!map || !asked)
		return 0;
	struct net_key key = *asked;
	struct net_value *found = bpf_map_lookup_elem(map, &key);
	if (!found)
		return 0;
	__u32 set = found->set, hits = found->hits;
	if (!set)
		return hits;
	void *port_map = bpf_map_lookup_elem(&ports, &ruleset);
	if (!port_map)
		return 0;
	struct port_key port_key = { .bits = 48, .set = { set >> 24, set >> 16, set >> 8, set }, .port = { port >> 8, port } };
	__u32 *by_port = bpf_map_lookup_elem(port_map, &port_key);
	return by_port ? *by_port : 0;
}

static __always_inline void set4(struct net_key *key, __u32 address)
{
	key->bits = 8 + 32;
	key->family = 4;
	__builtin_memset(key->addr, 0, 16);
	__builtin_memcpy(key->addr, &address, 4);
}

static __always_inline bool is_v4_mapped(const __u32 *a)
{
	return a[0] == 0 && a[1] == 0 && a[2] == bpf_htonl(0xffff);
}

static __always_inline bool is_any6(const __u32 *a)
{
	return (a[0] | a[1] | a[2] | a[3]) == 0;
}

/* address: four words in network order; family 4: the first. True: denied and enforced. */
static __always_inline int judge_net(__u32 family, const __u32 *address, __u32 port, __u32 kind, __u32 method)
{
	struct task_state *task;
	__u32 id, tgid = current_tgid();
	struct ruleset *set = guarded(tgid, &task, &id);
	if (!set)
		return 0;
	bool isolated = task->flags & ISOLATED;
	if (!isolated && !(set->flags & LIMITS_NETWORK))
		return 0;
	count(COUNT_SEEN);
	bool denied = isolated || !(set->flags & HAS_NETWORK);
	bool connects = kind == EVENT_CONNECT;
	struct net_key key = {};
	if (family == 6 && is_v4_mapped(address))
		family = 4, set4(&key, address[3]);
	else if (family == 6) {
		key.bits = 8 + 128;
		key.family = 6;
		__builtin_memcpy(key.addr, address, 16);
	} else
		set4(&key, address[0]);
	struct net_key asked = key;
	if (!denied) {
		/* Attack: connecting to 0.0.0.0 or :: reaches this machine. */
		if (connects && family == 4 && !(key.addr[0] | key.addr[1] | key.addr[2] | key.addr[3]))
			set4(&key, bpf_htonl(0x7f000001));
		bool any6 = family == 6 && is_any6(address);
		if (connects && any6)
			key.addr[15] = 1;
		int hits = find_net(id, &key, port);
		/* Attack: who listens on [::] listens on IPv4, too. */
		if (!connects && any6) {
			set4(&key, 0);
			hits |= find_net(id, &key, port) & HIT_DENY_LISTEN;
		}
		denied = hits & (connects ? HIT_DENY_CONNECT : HIT_DENY_LISTEN) || !(hits & (connects ? HIT_ALLOW_CONNECT : HIT_ALLOW_LISTEN));
	}
	if (!denied)
		return 0;
	struct event event = {};
	fill(&event, tgid, task->slot, isolated ? MODE_ENFORCE : set->mode, kind, OUTCOME_BLOCKED, method);
	event.syscall = -1;
	event.odd = isolated ? ODD_ISOLATED : ODD_NONE;
	event.family = asked.family;
	event.port = port;
	__builtin_memcpy(event.addr, asked.addr, 16);
	send(&event, sizeof(event));
	return isolated || set->mode == MODE_ENFORCE;
}

/* blocked_syscalls that this hook answers for. */
static __always_inline int refuse_call(__u32 nr, __u32 method)
{
	struct task_state *task;
	__u32 id, tgid = current_tgid();
	struct ruleset *set = guarded(tgid, &task, &id);
	if (!set || !has_bit(set->blocked, nr))
		return 0;
	return tell_call(tgid, task->slot, set->mode, EVENT_SYSCALL, OUTCOME_BLOCKED, method, nr, ODD_NONE, 0);
}

/* Raw and packet sockets reach anything, so they need a policy that limits nothing; a policy without any network has no
 * sockets of other families either (Unix and netlink excepted). */
static __always_inline int judge_socket(__u32 family, __u32 type, __u32 outcome, __u32 method)
{
	struct task_state *task;
	__u32 id, tgid = current_tgid();
	struct ruleset *set = guarded(tgid, &task, &id);
	if (!set || !(set->flags & LIMITS_NETWORK || task->flags & ISOLATED))
		return 0;
	type &= 0xf;
	bool raw = family == AF_PACKET || ((family == AF_INET || family == AF_INET6) && type != SOCK_STREAM && type != SOCK_DGRAM);
	bool other = family != AF_UNIX && family != AF_NETLINK && family != AF_INET && family != AF_INET6;
	if (!raw && !(other && !(set->flags & HAS_NETWORK)))
		return 0;
	return tell_call(tgid, task->slot, set->mode, EVENT_CONNECT, outcome, method, -1, ODD_RAW_SOCKET, family << 16 | type);
}

#endif
