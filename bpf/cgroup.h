/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Hooks of the root cgroup, in both backends: they also see TCP Fast Open, which the LSM's socket_connect does not. */
#ifndef GUARD_CGROUP_H
#define GUARD_CGROUP_H

#include "network.h"
#include "calls.h"

static __always_inline int answer4(struct bpf_sock_addr *ctx, __u32 kind)
{
	__u32 address[4] = { ctx->user_ip4 };
	return !judge_net(4, address, bpf_ntohs((__u16)ctx->user_port), kind, METHOD_CGROUP);
}

static __always_inline int answer6(struct bpf_sock_addr *ctx, __u32 kind)
{
	__u32 address[4] = { ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3] };
	return !judge_net(6, address, bpf_ntohs((__u16)ctx->user_port), kind, METHOD_CGROUP);
}

/* Without the LSM the call itself is answered with a kill, which is told there; here it is kept from having an effect. */
static __always_inline int refuse_inet(__u32 nr)
{
	struct guard_config *config = settings();
	if (!config || !(config->flags & JUDGE_EXEC_LATE))
		return refuse_call(nr, METHOD_CGROUP);
	struct task_state *task;
	__u32 id, tgid = current_tgid();
	struct ruleset *set = guarded(tgid, &task, &id);
	return set && set->mode == MODE_ENFORCE && has_bit(set->blocked, nr);
}

static __always_inline bool is_canary(__u32 port)
{
	struct guard_config *config = settings();
	return config && config->canary_port && config->canary_port == port && config->canary_tgid == current_tgid();
}

static __always_inline bool nobody_guards(void)
{
	__u32 tgid = current_tgid();
	return !bpf_map_lookup_elem(&tasks, &tgid);
}

SEC("cgroup/connect4")
int cg_connect4(struct bpf_sock_addr *ctx)
{
	if (nobody_guards())
		return !is_canary(bpf_ntohs((__u16)ctx->user_port));
	/* A guard may guard itself. */
	if (is_canary(bpf_ntohs((__u16)ctx->user_port)) || refuse_inet(NR_connect))
		return 0;
	return answer4(ctx, EVENT_CONNECT);
}

SEC("cgroup/connect6")
int cg_connect6(struct bpf_sock_addr *ctx)
{
	if (nobody_guards())
		return 1;
	return refuse_inet(NR_connect) ? 0 : answer6(ctx, EVENT_CONNECT);
}

SEC("cgroup/sendmsg4")
int cg_sendmsg4(struct bpf_sock_addr *ctx)
{
	return answer4(ctx, EVENT_CONNECT);
}

SEC("cgroup/sendmsg6")
int cg_sendmsg6(struct bpf_sock_addr *ctx)
{
	return answer6(ctx, EVENT_CONNECT);
}

/* A datagram socket bound to no port in particular listens no more than one that was never bound. */
SEC("cgroup/bind4")
int cg_bind4(struct bpf_sock_addr *ctx)
{
	if (nobody_guards())
		return 1;
	if (refuse_inet(NR_bind))
		return 0;
	return ctx->type == SOCK_DGRAM && !ctx->user_port ? 1 : answer4(ctx, EVENT_LISTEN);
}

SEC("cgroup/bind6")
int cg_bind6(struct bpf_sock_addr *ctx)
{
	if (nobody_guards())
		return 1;
	if (refuse_inet(NR_bind))
		return 0;
	return ctx->type == SOCK_DGRAM && !ctx->user_port ? 1 : answer6(ctx, EVENT_LISTEN);
}

SEC("cgroup/sock_create")
int cg_sock_create(struct bpf_sock *ctx)
{
	if (nobody_guards())
		return 1;
	if (refuse_inet(NR_socket))
		return 0;
	return !judge_socket(ctx->family, ctx->type, OUTCOME_BLOCKED, METHOD_CGROUP);
}

#endif
