/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* A file's path from its dentry up to the root of the task's mount namespace, and what the rules say of it.
 *
 * Not the root of the task: chroot would change what a path means. A path that doesn't end at the root of the namespace
 * (detached mounts, other namespaces through /proc/PID/root, memfds) is unresolved, and unresolved is denied wherever there
 * are rules for files. Components are hashed while they are read; the forward pass folds hashes and looks each prefix up, so
 * the cost depends on the path and not on the number of rules. Two lanes of 64 bits, seeded at random when the maps are made. */
#ifndef GUARD_PATHS_H
#define GUARD_PATHS_H

#include "events.h"

#define LANE1 0x9E3779B97F4A7C15ULL
#define LANE2 0xC2B2AE3D27D4EB4FULL

enum walk_state { WALK_OK, WALK_UNRESOLVED };

/* Held until release(); index: which one. */
static __always_inline struct scratch *acquire(__u32 *index)
{
	__u32 first = bpf_get_smp_processor_id() * 4;
#pragma unroll
	for (int i = 0; i < 4; i++) {
		*index = first + i;
		struct scratch *scratch = bpf_map_lookup_elem(&scratches, index);
		if (scratch && __sync_val_compare_and_swap(&scratch->busy, 0, 1) == 0)
			return scratch;
	}
	count(COUNT_BUSY);
	return NULL;
}

static __always_inline void release(struct scratch *scratch)
{
	__sync_lock_test_and_set(&scratch->busy, 0);
}

struct walk {
	__u32 index;
	struct dentry *dentry;
	struct mount *mount;
	struct dentry *mount_root;
	__u64 seed1, seed2;
};

static long hash_component(struct scratch *scratch, __u32 from, __u32 length, __u32 at, __u64 seed1, __u64 seed2)
{
	__u64 h1 = seed1 ^ length, h2 = seed2 + length;
	for (int i = 0; i < 32; i++) {
		__u32 done = i * 8;
		if (done >= length)
			break;
		__u64 word = *(__u64 *)&scratch->buffer[(from + done) & (PATH_BYTES - 1)];
		if (length - done < 8)
			word &= (1ULL << ((length - done) * 8)) - 1;
		h1 = (h1 ^ word) * LANE1;
		h1 ^= h1 >> 32;
		h2 = (h2 + word) * LANE2;
		h2 ^= h2 >> 29;
	}
	scratch->c1[at & (MAX_COMPONENTS - 1)] = h1;
	scratch->c2[at & (MAX_COMPONENTS - 1)] = h2;
	return 0;
}

/* Puts "/name" before what is there, and its hash after. False: no place. */
static __always_inline bool prepend(struct scratch *scratch, const unsigned char *name, __u32 length, __u64 seed1, __u64 seed2)
{
	__u32 at = scratch->count, from = scratch->from;
	if (length > 255 || at >= MAX_COMPONENTS || from < length + 1 || from > PATH_BYTES)
		return false;
	asm volatile("%0 &= 255" : "+r"(length)); /* the compiler would drop the bound that the verifier wants to see again */
	from -= length + 1;
	scratch->buffer[from & (PATH_BYTES - 1)] = '/';
	if (bpf_probe_read_kernel(&scratch->buffer[(from + 1) & (PATH_BYTES - 1)], length, name))
		return false;
	hash_component(scratch, from + 1, length, at, seed1, seed2);
	scratch->from = from;
	scratch->count = at + 1;
	return true;
}

static long walk_step(__u32 i, struct walk *walk)
{
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &walk->index);
	if (!scratch)
		return 1;
	struct dentry *dentry = walk->dentry;
	struct mount *mount = walk->mount;
	struct dentry *parent;
	struct qstr name;
	if (dentry == walk->mount_root) {
		struct mount *above = BPF_CORE_READ(mount, mnt_parent);
		if (above == mount) {
			struct task_struct *task = current_task();
			scratch->state = BPF_CORE_READ(task, nsproxy, mnt_ns, root) == mount ? WALK_OK : WALK_UNRESOLVED;
			return 1;
		}
		walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		walk->mount = above;
		walk->mount_root = BPF_CORE_READ(above, mnt.mnt_root);
		return 0;
	}
	/* At the file system's root without having met the mount's: the file lies outside the mount. */
	parent = BPF_CORE_READ(dentry, d_parent);
	if (dentry == parent || bpf_core_read(&name, sizeof(name), &dentry->d_name))
		return 1;
	if (!prepend(scratch, name.name, name.len, walk->seed1, walk->seed2))
		return 1;
	walk->dentry = parent;
	return 0;
}

/* Fills from, count, state. */
static __noinline int walk_path(__u32 index, __u64 dentry, __u64 vfsmount)
{
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &index);
	struct guard_config *set = settings();
	if (!scratch || !set)
		return 1;
	struct walk walk = {
		.index = index,
		.dentry = (struct dentry *)dentry,
		.mount = (struct mount *)(vfsmount - bpf_core_field_offset(struct mount, mnt)),
		.seed1 = set->seed[0],
		.seed2 = set->seed[1],
	};
	struct mount *mount = walk.mount;
	walk.mount_root = BPF_CORE_READ(mount, mnt.mnt_root);
	scratch->from = PATH_BYTES;
	scratch->count = 0;
	scratch->state = WALK_UNRESOLVED;
	bpf_loop(4096, walk_step, &walk, 0);
	return 0;
}

static __always_inline void fold_component(struct scratch *scratch, __u32 leaf_at)
{
	__u64 p1 = scratch->p1 ^ scratch->c1[leaf_at & (MAX_COMPONENTS - 1)];
	__u64 p2 = scratch->p2 + scratch->c2[leaf_at & (MAX_COMPONENTS - 1)];
	p1 *= LANE1;
	p1 ^= p1 >> 32;
	p2 *= LANE2;
	p2 ^= p2 >> 29;
	scratch->p1 = p1;
	scratch->p2 = p2;
}

struct fold {
	__u32 index;
};

static long fold_step(__u32 i, struct fold *fold)
{
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &fold->index);
	if (!scratch)
		return 1;
	__u32 table = scratch->table, last = scratch->count - 1;
	void *map = bpf_map_lookup_elem(&rules, &table);
	struct ruleset *set = bpf_map_lookup_elem(&rulesets, &table);
	if (!map || !set || i > last)
		return 1;
	fold_component(scratch, last - i);
	struct rule_key key = { .a = scratch->p1, .b = scratch->p2, .kind = RULE_PATH };
	struct rule_value *rule = bpf_map_lookup_elem(map, &key);
	if (rule)
		scratch->hits |= i == last ? rule->v[0] | rule->v[1] : rule->v[1];
	if (!(set->flags & HAS_STARS) || i >= STAR_COMPONENTS || !(scratch->alive[0] | scratch->alive[1]))
		return 0;
	__u32 at = i & (STAR_COMPONENTS - 1), leaf_at = (last - i) & (MAX_COMPONENTS - 1);
	__u64 here0 = set->star_any[at][0], here1 = set->star_any[at][1];
	struct rule_key component = { .a = scratch->c1[leaf_at], .b = scratch->c2[leaf_at], .kind = RULE_COMPONENT, .index = i };
	struct rule_value *patterns = bpf_map_lookup_elem(map, &component);
	if (patterns) {
		here0 |= patterns->v[0];
		here1 |= patterns->v[1];
	}
	here0 &= scratch->alive[0];
	here1 &= scratch->alive[1];
	scratch->alive[0] = here0;
	scratch->alive[1] = here1;
	__u64 end0 = set->star_tree[at + 1][0], end1 = set->star_tree[at + 1][1];
	if (i == last) {
		end0 |= set->star_exact[at + 1][0];
		end1 |= set->star_exact[at + 1][1];
	}
	end0 &= here0;
	end1 &= here1;
	if (end0 | end1) {
#pragma unroll
		for (int hit = 0; hit < 3; hit++)
			if ((end0 & set->star_hits[hit][0]) | (end1 & set->star_hits[hit][1]))
				scratch->hits |= 1 << hit;
	}
	return 0;
}

/* Fills hits of a walked path by a rule set. */
static __always_inline void match_path(struct scratch *scratch, __u32 index, __u32 ruleset)
{
	struct guard_config *set = settings();
	void *map = bpf_map_lookup_elem(&rules, &ruleset);
	scratch->hits = 0;
	if (!set || !map)
		return;
	scratch->table = ruleset;
	scratch->p1 = set->seed[2];
	scratch->p2 = set->seed[3];
	scratch->alive[0] = scratch->alive[1] = ~0ULL;
	/* "/ *", which all is below. */
	struct rule_key key = { .a = set->seed[2], .b = set->seed[3], .kind = RULE_PATH };
	struct rule_value *rule = bpf_map_lookup_elem(map, &key);
	if (rule)
		scratch->hits |= scratch->count ? rule->v[1] : rule->v[0] | rule->v[1];
	struct fold fold = { .index = index };
	bpf_loop(scratch->count, fold_step, &fold, 0);
}

static __always_inline bool denies_path(struct ruleset *set, __u32 hits, __u32 state, bool exec)
{
	if (state != WALK_OK) {
		count(COUNT_UNRESOLVED);
		return set->flags & HAS_FILE_RULES || (exec && set->flags & HAS_EXEC_LIST);
	}
	if (hits & HIT_DENY)
		return true;
	return exec ? set->flags & HAS_EXEC_LIST && !(hits & HIT_EXEC_ALLOW) : set->flags & ALLOWS_FILES && !(hits & HIT_FILE_ALLOW);
}

static __always_inline void tell_path(struct scratch *scratch, __u32 tgid, __u32 slot, __u32 mode, __u8 kind, __u8 outcome, __u8 method)
{
	__u32 from = scratch->from, length = PATH_BYTES - from;
	__builtin_memset(&scratch->event, 0, sizeof(scratch->event));
	fill(&scratch->event, tgid, slot, mode, kind, outcome, method);
	scratch->event.syscall = -1;
	scratch->event.odd = scratch->state == WALK_OK ? ODD_NONE : ODD_UNRESOLVED;
	if (length >= PATH_BYTES)
		length = PATH_BYTES - 1;
	asm volatile("%0 &= 4095" : "+r"(length));
	if (bpf_probe_read_kernel(scratch->subject, length, &scratch->buffer[from & (PATH_BYTES - 1)]))
		length = 0;
	scratch->event.path_bytes = length;
	send(&scratch->event, sizeof(scratch->event) + (length & (PATH_BYTES - 1)));
}

/* Kind of event, what happens if it is enforced, and who says so. */
#define WHAT(kind, outcome, method) ((kind) | (outcome) << 8 | (method) << 16)

/* True: the policy denies it and is enforced. Without scratch space nothing can be said, so that is denied. */
static __noinline int judge_path(__u64 dentry, __u64 vfsmount, __u32 what)
{
	__u32 tgid = current_tgid(), kind = what & 0xff;
	struct task_state *task;
	__u32 id, index;
	struct ruleset *set = guarded(tgid, &task, &id);
	if (!set)
		return 0;
	bool exec = kind == EVENT_EXEC;
	if (!(set->flags & HAS_FILE_RULES) && !(exec && set->flags & HAS_EXEC_LIST))
		return 0;
	count(COUNT_SEEN);
	struct scratch *scratch = acquire(&index);
	if (!scratch)
		return set->mode == MODE_ENFORCE;
	walk_path(index, dentry, vfsmount);
	if (scratch->state == WALK_OK)
		match_path(scratch, index, id);
	int act = 0;
	if (denies_path(set, scratch->hits, scratch->state, exec)) {
		tell_path(scratch, tgid, task->slot, set->mode, kind, what >> 8, what >> 16);
		act = set->mode == MODE_ENFORCE;
	}
	release(scratch);
	return act;
}

#endif
