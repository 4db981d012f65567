// SPDX-License-Identifier: Apache-2.0
// Does one thing that a policy may forbid, and says what came of it: "ok", or the name of errno and exit code 1.
// Built static, so that the same file runs on the host and in a guest that has nothing else.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/sched.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int end(long result)
{
	if (result < 0) {
		printf("%s\n", strerrorname_np(errno));
		return 1;
	}
	puts("ok");
	return 0;
}

static struct sockaddr_storage address(const char *ip, int port, socklen_t *size)
{
	struct sockaddr_storage storage = {};
	struct sockaddr_in *v4 = (void *)&storage;
	struct sockaddr_in6 *v6 = (void *)&storage;
	if (inet_pton(AF_INET, ip, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		*size = sizeof(*v4);
	} else {
		inet_pton(AF_INET6, ip, &v6->sin6_addr);
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		*size = sizeof(*v6);
	}
	return storage;
}

static void *idle(void *unused) { return unused; }

static int wait_for(pid_t pid)
{
	int status = 0;
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status)) {
		printf("child killed\n");
		return 2;
	}
	return WEXITSTATUS(status);
}

/* One operation through a ring: no system call of its own. */
static long ring(int operation, const char *path, struct sockaddr *to, socklen_t size)
{
	struct io_uring_params params = {};
	int fd = syscall(SYS_io_uring_setup, 4, &params);
	if (fd < 0)
		return -1;
	size_t length = params.sq_off.array + params.sq_entries * sizeof(unsigned);
	char *sq = mmap(0, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQ_RING);
	char *cq = mmap(0, params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_CQ_RING);
	struct io_uring_sqe *sqe = mmap(0, params.sq_entries * sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQES);
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = operation;
	sqe->flags = IOSQE_ASYNC;
	if (operation == IORING_OP_OPENAT) {
		sqe->fd = AT_FDCWD;
		sqe->addr = (uintptr_t)path;
	} else {
		sqe->fd = socket(to->sa_family, SOCK_STREAM, 0);
		sqe->addr = (uintptr_t)to;
		sqe->off = size;
	}
	((unsigned *)(sq + params.sq_off.array))[0] = 0;
	__atomic_store_n((unsigned *)(sq + params.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, 0, 0) < 0)
		return -1;
	int result = ((struct io_uring_cqe *)(cq + params.cq_off.cqes))[0].res;
	errno = result < 0 ? -result : 0;
	return result < 0 ? -1 : result;
}

static long run_memfd(const char *program)
{
	char buffer[65536];
	int from = open(program, O_RDONLY), to = memfd_create("x", MFD_CLOEXEC);
	ssize_t count;
	while ((count = read(from, buffer, sizeof(buffer))) > 0)
		if (write(to, buffer, count) != count)
			return -1;
	char *args[] = { "x", "nothing", NULL };
	return syscall(SYS_execveat, to, "", args, environ, AT_EMPTY_PATH);
}

#define IS(name) (!strcmp(what, name))

int main(int count, char **args)
{
	const char *what = count > 1 ? args[1] : "nothing", *a = count > 2 ? args[2] : "", *b = count > 3 ? args[3] : "";
	socklen_t size = 0;
	struct sockaddr_storage to = address(a, atoi(b), &size);
	setvbuf(stdout, NULL, _IONBF, 0);
	alarm(60);
	if (IS("nothing"))
		return end(0);
	if (IS("open"))
		return end(open(a, O_RDONLY | O_NONBLOCK));
	if (IS("create"))
		return end(open(a, O_CREAT | O_EXCL | O_WRONLY, 0600));
	if (IS("opens")) {
		/* How many of b seconds' worth of opens succeed: with a denial in force, none. */
		time_t until = time(NULL) + atoi(b);
		long opened = 0, tried = 0;
		for (; time(NULL) < until; tried++) {
			int fd = open(a, O_RDONLY);
			if (fd >= 0) {
				opened++;
				close(fd);
			}
		}
		printf("opened %ld of %ld\n", opened, tried);
		return opened > 0;
	}
	if (IS("connects")) {
		time_t until = time(NULL) + atoi(args[4]);
		long connected = 0, tried = 0;
		for (; time(NULL) < until; tried++) {
			int fd = socket(to.ss_family, SOCK_DGRAM, 0);
			connected += connect(fd, (struct sockaddr *)&to, size) == 0;
			close(fd);
		}
		printf("connected %ld of %ld\n", connected, tried);
		return connected > 0;
	}
	if (IS("time")) {
		/* Processor time of one operation in nanoseconds, the best of 15 rounds of c: what b names, done to a. */
		double rounds[15];
		int times = atoi(args[4]), clock = strcmp(b, "exec") ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
		to = address("127.0.0.1", 99, &size);
		int udp = socket(AF_INET, SOCK_DGRAM, 0);
		for (int round = 0; round < 15; round++) {
			struct timespec from, until;
			clock_gettime(clock, &from);
			for (int i = 0; i < times; i++) {
				if (!strcmp(b, "open")) {
					int fd = open(a, O_RDONLY);
					if (fd < 0)
						return end(-1);
					close(fd);
				} else if (!strcmp(b, "connect")) {
					if (connect(udp, (struct sockaddr *)&to, size))
						return end(-1);
				} else if (!strcmp(b, "getppid")) {
					syscall(SYS_getppid);
				} else {
					pid_t pid = vfork();
					if (pid == 0) {
						execl(a, a, "nothing-said", NULL);
						_exit(1);
					}
					waitpid(pid, NULL, 0);
				}
			}
			clock_gettime(clock, &until);
			rounds[round] = ((until.tv_sec - from.tv_sec) * 1e9 + (until.tv_nsec - from.tv_nsec)) / times;
		}
		double best = rounds[0];
		for (int i = 1; i < 15; i++)
			best = rounds[i] < best ? rounds[i] : best;
		printf("%.1f\n", best);
		return 0;
	}
	if (IS("paced")) {
		/* One every millisecond. */
		int udp = socket(AF_INET, SOCK_DGRAM, 0);
		for (int i = 0; i < atoi(args[4]); i++) {
			connect(udp, (struct sockaddr *)&to, size);
			usleep(1000);
		}
		return end(0);
	}
	if (IS("nothing-said"))
		return 0;
	if (IS("all")) {
		/* A file of "open PATH", "connect IP PORT" and "listen IP PORT", b times; says only that it is done. */
		char line[8192], first[16], second[4096];
		for (int round = 0; round < (b[0] ? atoi(b) : 1); round++) {
			FILE *list = fopen(a, "r");
			int port = 0, fd;
			while (list && fgets(line, sizeof(line), list)) {
				line[strcspn(line, "\n")] = 0;
				if (!strncmp(line, "open ", 5)) {
					if ((fd = open(line + 5, O_RDONLY)) >= 0)
						close(fd);
				} else if (sscanf(line, "%15s %4095s %d", first, second, &port) == 3) {
					to = address(second, port, &size);
					fd = socket(to.ss_family, first[0] == 'c' ? SOCK_DGRAM : SOCK_STREAM, 0);
					first[0] == 'c' ? connect(fd, (struct sockaddr *)&to, size) : bind(fd, (struct sockaddr *)&to, size);
					close(fd);
				}
			}
			fclose(list);
		}
		return end(0);
	}
	if (IS("when")) {
		while (access(a, F_OK))
			usleep(10000);
		return end(open(b, O_RDONLY));
	}
	if (IS("when-connect")) {
		while (access(a, F_OK))
			usleep(10000);
		to = address(b, atoi(args[4]), &size);
		return end(connect(socket(to.ss_family, SOCK_DGRAM, 0), (struct sockaddr *)&to, size));
	}
	if (IS("exec")) {
		execl(a, a, b[0] ? b : "nothing", count > 4 ? args[4] : NULL, NULL);
		return end(-1);
	}
	if (IS("memfd-exec"))
		return end(run_memfd(a));
	if (IS("fork")) {
		pid_t pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
		if (pid == 0)
			_exit(0);
		return pid < 0 ? end(-1) : (wait_for(pid), end(0));
	}
	if (IS("clone3")) {
		struct clone_args clone = { .exit_signal = SIGCHLD };
		pid_t pid = syscall(SYS_clone3, &clone, sizeof(clone));
		if (pid == 0) {
			if (a[0])
				close(open(a, O_CREAT | O_WRONLY, 0600));
			_exit(0);
		}
		return pid < 0 ? end(-1) : (wait_for(pid), end(0));
	}
	if (IS("thread")) {
		pthread_t thread;
		errno = pthread_create(&thread, NULL, idle, NULL);
		return errno ? end(-1) : (pthread_join(thread, NULL), end(0));
	}
	if (IS("child-open")) {
		pid_t pid = fork();
		if (pid == 0)
			_exit(end(open(a, O_RDONLY)));
		return wait_for(pid);
	}
	if (IS("forks")) {
		for (int i = 0; i < atoi(a); i++) {
			pid_t pid = fork();
			if (pid == 0)
				_exit(0);
			waitpid(pid, NULL, 0);
		}
		return end(open(b, O_RDONLY));
	}
	if (IS("connect"))
		return end(connect(socket(to.ss_family, SOCK_STREAM, 0), (struct sockaddr *)&to, size));
	if (IS("udp"))
		return end(sendto(socket(to.ss_family, SOCK_DGRAM, 0), "x", 1, 0, (struct sockaddr *)&to, size));
	if (IS("fast-open"))
		return end(sendto(socket(to.ss_family, SOCK_STREAM, 0), "x", 1, MSG_FASTOPEN, (struct sockaddr *)&to, size));
	if (IS("bind"))
		return end(bind(socket(to.ss_family, SOCK_STREAM, 0), (struct sockaddr *)&to, size));
	if (IS("listen"))
		return end(listen(socket(AF_INET, SOCK_STREAM, 0), 1));
	if (IS("socket"))
		return end(socket(atoi(a), atoi(b), count > 4 ? atoi(args[4]) : 0));
	if (IS("unix")) {
		int pair[2];
		return end(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	}
	if (IS("unlink"))
		return end(unlink(a));
	if (IS("rename"))
		return end(rename(a, b));
	if (IS("rename-open"))
		return rename(a, b) ? end(-1) : end(open(b, O_RDONLY));
	if (IS("link"))
		return end(link(a, b));
	if (IS("symlink-open")) {
		unlink(b);
		return symlink(a, b) ? end(-1) : end(open(b, O_RDONLY));
	}
	if (IS("chroot-open"))
		return chroot(a) || chdir("/") ? end(-1) : end(open(b, O_RDONLY));
	if (IS("bind-mount"))
		return end(mount(a, b, NULL, MS_BIND, NULL));
	if (IS("umount"))
		return end(umount(a));
	if (IS("io-uring-open"))
		return end(ring(IORING_OP_OPENAT, a, NULL, 0));
	if (IS("io-uring-connect"))
		return end(ring(IORING_OP_CONNECT, NULL, (struct sockaddr *)&to, size));
	if (IS("trace-me"))
		return end(ptrace(PTRACE_TRACEME, 0, 0, 0));
	if (IS("attach"))
		return end(ptrace(PTRACE_SEIZE, atoi(a), 0, 0));
	if (IS("read-memory")) {
		char byte;
		struct iovec mine = { &byte, 1 }, theirs = { &byte, 1 };
		pid_t pid = a[0] ? atoi(a) : getpid();
		if (!a[0] && (pid = fork()) == 0) {
			close(1); /* whoever reads it waits for its end */
			close(2);
			alarm(5);
			pause();
			_exit(0);
		}
		long result = process_vm_readv(pid, &mine, 1, &theirs, 1, 0);
		int error = errno;
		if (!a[0])
			kill(pid, SIGKILL);
		errno = error == EFAULT ? 0 : error; /* it was allowed to look */
		return end(result < 0 && errno == 0 ? 0 : result);
	}
	if (IS("open-memory")) {
		char path[64];
		snprintf(path, sizeof(path), "/proc/%d/mem", atoi(a));
		return end(open(path, O_RDONLY));
	}
	if (IS("load-module")) {
		static char none[4096];
		return end(syscall(SYS_init_module, none, sizeof(none), ""));
	}
	if (IS("load-module-file"))
		return end(syscall(SYS_finit_module, open(a, O_RDONLY), "", 0));
	if (IS("bpf")) {
		char attributes[128] = {};
		return end(syscall(SYS_bpf, 0x7fff, attributes, sizeof(attributes)));
	}
	if (IS("kexec"))
		return end(syscall(SYS_kexec_load, 0, 0, 0, 0));
	if (IS("getpriority"))
		return end(syscall(SYS_getpriority, 0, 0));
#if defined(__x86_64__)
	if (IS("int80")) {
		long result;
		__asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8", "r9", "r10", "r11"); /* getpid there, writev here */
		return end(result > 0 ? 0 : -1);
	}
#endif
	if (IS("memory")) {
		mmap(0, (size_t)atoi(a) << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		sleep(20);
		return end(0);
	}
	if (IS("cpu"))
		for (;;)
			;
	fprintf(stderr, "what is %s?\n", what);
	return 3;
}
