/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
#ifndef GUARD_MAPS_H
#define GUARD_MAPS_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>
#include "guard.h"

#define EPERM 1
#define SIGKILL 9
#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define AF_NETLINK 16
#define AF_PACKET 17
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3

struct rule_table {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(struct rule_key));
	__uint(value_size, sizeof(struct rule_value));
};

struct net_table {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, sizeof(struct net_key));
	__uint(value_size, sizeof(struct net_value));
};

struct port_table {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, sizeof(struct port_key));
	__uint(value_size, sizeof(__u32));
};

/* By rule set or selection. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, MAX_RULESETS);
	__type(key, __u32);
	__array(values, struct rule_table);
} rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, MAX_RULESETS);
	__type(key, __u32);
	__array(values, struct net_table);
} nets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, MAX_RULESETS);
	__type(key, __u32);
	__array(values, struct port_table);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_RULESETS);
	__type(key, __u32);
	__type(value, struct ruleset);
} rulesets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_RULESETS);
	__type(key, __u32);
	__type(value, struct selection);
} selections SEC(".maps");

/* One aligned word per policy: a reload is one store, which no reader can see half of. 0: none. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_POLICIES + 1);
	__type(key, __u32);
	__type(value, __u64);
} active SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct guard_config);
} config SEC(".maps");

/* Guarded processes by thread group. Attack: the worker threads of a ring are made without the tracepoint of a fork, so state
 * kept by task would not be theirs; the thread group is. Preallocated: a burst of forks
 * must not fail for want of memory. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_TASKS);
	__type(key, __u32);
	__type(value, struct task_state);
} tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

struct scratch {
	__u64 busy;
	__u32 from, count, state, fold_at;
	__u64 p1, p2, alive[2];
	__u32 hits, table;
	__u64 chosen[4];
	__u64 c1[MAX_COMPONENTS], c2[MAX_COMPONENTS]; /* leaf first */
	struct event event;
	char subject[PATH_BYTES];
	char buffer[PATH_BYTES + 256];
};

/* Four per processor, set at load: a program may be preempted by another one on its processor. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

/* The policies' names by slot, for whoever adopts these maps. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_POLICIES);
	__type(key, __u32);
	__type(value, char[64]);
} names SEC(".maps");

/* Puts the shared structs into the object's BTF, where a test compares them with the C# ones. */
#define KEEP(type) const struct type *keep_##type __attribute__((unused))
KEEP(rule_key);
KEEP(rule_value);
KEEP(net_key);
KEEP(net_value);
KEEP(port_key);
KEEP(event);

static __always_inline void count(__u32 counter)
{
	__u64 *value = bpf_map_lookup_elem(&counters, &counter);
	if (value)
		*value += 1;
}

static __always_inline struct guard_config *settings(void)
{
	__u32 zero = 0;
	return bpf_map_lookup_elem(&config, &zero);
}

static __always_inline struct task_struct *current_task(void)
{
	return (struct task_struct *)bpf_get_current_task();
}

static __always_inline __u32 current_tgid(void)
{
	return bpf_get_current_pid_tgid() >> 32;
}

/* The rule set in force for a slot; 0: none. */
static __always_inline __u32 ruleset_of(__u32 slot)
{
	__u64 *id = bpf_map_lookup_elem(&active, &slot);
	return id && slot < MAX_POLICIES ? *id : 0;
}

static __always_inline struct ruleset *guarded(__u32 tgid, struct task_state **state, __u32 *id)
{
	struct task_state *task = bpf_map_lookup_elem(&tasks, &tgid);
	if (!task)
		return NULL;
	*state = task;
	*id = ruleset_of(task->slot);
	return *id ? bpf_map_lookup_elem(&rulesets, id) : NULL;
}

static __always_inline bool has_bit(__u64 *bits, __u32 number)
{
	__u64 word = number >> 6;
	asm volatile("%0 &= 15" : "+r"(word)); /* or the compiler forgets the bound that the verifier wants to see */
	return number < MAX_SYSCALLS && (bits[word] >> (number & 63) & 1);
}

/* The call that the current task is in; -1: unknown. */
static __always_inline int current_syscall(void)
{
#if defined(__TARGET_ARCH_x86)
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	return (int)BPF_CORE_READ(regs, orig_ax) & ~0x40000000;
#else
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	return BPF_CORE_READ(regs, syscallno);
#endif
}

#endif
