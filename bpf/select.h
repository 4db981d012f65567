/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Which policy a program comes under when it is executed. */
#ifndef GUARD_SELECT_H
#define GUARD_SELECT_H

#include "paths.h"

struct climb {
	__u32 index;
	struct kernfs_node *node;
	__u64 seed1, seed2;
};

static __always_inline struct kernfs_node *parent_of(struct kernfs_node *node)
{
	struct kernfs_node___new *renamed = (void *)node;
	if (bpf_core_field_exists(renamed->__parent))
		return BPF_CORE_READ(renamed, __parent);
	return BPF_CORE_READ(node, parent);
}

static long climb_step(__u32 i, struct climb *climb)
{
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &climb->index);
	struct kernfs_node *node = climb->node;
	struct kernfs_node *parent = parent_of(node);
	if (!scratch)
		return 1;
	if (!parent) {
		scratch->state = WALK_OK;
		return 1;
	}
	/* The name's length is nowhere: read to its zero, into the subject, which is free now. */
	const char *name = BPF_CORE_READ(node, name);
	long length = bpf_probe_read_kernel_str(scratch->subject, 256, name);
	if (length < 1 || !prepend(scratch, (const unsigned char *)name, (__u32)(length - 1), climb->seed1, climb->seed2))
		return 1;
	climb->node = parent;
	return 0;
}

static long cgroup_step(__u32 i, struct fold *fold)
{
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &fold->index);
	if (!scratch)
		return 1;
	__u32 table = scratch->table, last = scratch->count - 1;
	void *map = bpf_map_lookup_elem(&rules, &table);
	if (!map || i > last)
		return 1;
	fold_component(scratch, last - i);
	__u32 leaf_at = (last - i) & (MAX_COMPONENTS - 1);
	struct rule_key tree = { .a = scratch->p1, .b = scratch->p2, .kind = SELECT_CGROUP };
	struct rule_key unit = { .a = scratch->c1[leaf_at], .b = scratch->c2[leaf_at], .kind = SELECT_UNIT };
	struct rule_value *below = bpf_map_lookup_elem(map, &tree), *within = bpf_map_lookup_elem(map, &unit);
#pragma unroll
	for (int w = 0; w < 4; w++) {
		if (below)
			scratch->chosen[w] |= below->v[w];
		if (within)
			scratch->chosen[w] |= within->v[w];
	}
	return 0;
}

static long fold_only(__u32 i, struct fold *fold)
{
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &fold->index);
	if (!scratch || i >= scratch->count)
		return 1;
	fold_component(scratch, scratch->count - 1 - i);
	return 0;
}

static __always_inline void add_mask(__u64 *mask, struct rule_value *more)
{
	if (more) {
		mask[0] |= more->v[0];
		mask[1] |= more->v[1];
		mask[2] |= more->v[2];
		mask[3] |= more->v[3];
	}
}

/* The slot for the file just executed by the current task; -1: no policy's selectors fit. */
static __noinline int select_policy(__u32 index, __u64 dentry, __u64 vfsmount)
{
	__u32 which = ACTIVE_SELECTION;
	__u64 *active_id = bpf_map_lookup_elem(&active, &which);
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &index);
	struct guard_config *config = settings();
	if (!active_id || !scratch || !config)
		return -1;
	__u32 id = *active_id;
	struct selection *selection = bpf_map_lookup_elem(&selections, &id);
	void *map = bpf_map_lookup_elem(&rules, &id);
	if (!selection || !map)
		return -1;
	struct task_struct *task = current_task();
	struct fold fold = { .index = index };

	walk_path(index, dentry, vfsmount);
	__u64 exe[4];
	__builtin_memcpy(exe, selection->any_exe, sizeof(exe));
	struct inode *inode = BPF_CORE_READ((struct dentry *)dentry, d_inode);
	struct rule_key key = { .a = BPF_CORE_READ(inode, i_sb, s_dev), .b = BPF_CORE_READ(inode, i_ino), .kind = SELECT_INODE };
	add_mask(exe, bpf_map_lookup_elem(map, &key));
	if (scratch->count) {
		key.kind = SELECT_NAME;
		key.a = scratch->c1[0];
		key.b = scratch->c2[0];
		add_mask(exe, bpf_map_lookup_elem(map, &key));
	}
	if (scratch->state == WALK_OK) {
		scratch->p1 = config->seed[2];
		scratch->p2 = config->seed[3];
		bpf_loop(scratch->count, fold_only, &fold, 0);
		key.kind = SELECT_EXE;
		key.a = scratch->p1;
		key.b = scratch->p2;
		add_mask(exe, bpf_map_lookup_elem(map, &key));
	}

	__u64 user[4];
	__builtin_memcpy(user, selection->any_uid, sizeof(user));
	key.kind = SELECT_UID;
	key.a = BPF_CORE_READ(task, cred, euid.val);
	key.b = 0;
	add_mask(user, bpf_map_lookup_elem(map, &key));

	__builtin_memcpy(scratch->chosen, selection->any_cgroup, sizeof(scratch->chosen));
	if (selection->needs_cgroup) {
		struct climb climb = { .index = index, .node = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn), .seed1 = config->seed[0], .seed2 = config->seed[1] };
		scratch->from = PATH_BYTES;
		scratch->count = 0;
		scratch->state = WALK_UNRESOLVED;
		bpf_loop(MAX_COMPONENTS, climb_step, &climb, 0);
		scratch->p1 = config->seed[2];
		scratch->p2 = config->seed[3];
		scratch->table = id;
		key.kind = SELECT_CGROUP;
		key.a = scratch->p1;
		key.b = scratch->p2;
		add_mask(scratch->chosen, bpf_map_lookup_elem(map, &key));
		if (scratch->state == WALK_OK)
			bpf_loop(scratch->count, cgroup_step, &fold, 0);
	}

#pragma unroll
	for (int w = 0; w < 4; w++) {
		__u64 left = exe[w] & user[w] & scratch->chosen[w];
		if (left) {
			__u32 bit = 0;
			left &= -left;
#pragma unroll
			for (int step = 32; step > 0; step >>= 1)
				if (left >> step) {
					bit += step;
					left >>= step;
				}
			return selection->slot[(w * 64 + bit) & (MAX_POLICIES - 1)];
		}
	}
	return -1;
}

#endif
