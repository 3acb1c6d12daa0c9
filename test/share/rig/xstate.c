/*
 * Preloaded into User-Mode Linux. Its kernel (6.1) saves 2,696 bytes of a processor's extended state; a host whose processor has more
 * (AMX: 11,008 bytes) takes back only the whole of it, and the guest would end at its first process. So what is given back is
 * made as long as the host wants it. A guest never asks for what it does not know, so the rest is empty.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static long give_back(pid_t pid, struct iovec *part) {
  static char whole[65536] __attribute__((aligned(64)));
  struct iovec host = {whole, sizeof whole};
  if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, NT_X86_XSTATE, &host) != 0 || host.iov_len <= part->iov_len)
    return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, part);
  memcpy(whole, part->iov_base, part->iov_len);
  memset(whole + part->iov_len, 0, host.iov_len - part->iov_len);
  return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, &host);
}

long ptrace(enum __ptrace_request request, ...) {
  va_list rest;
  va_start(rest, request);
  pid_t pid = va_arg(rest, pid_t);
  void *address = va_arg(rest, void *);
  void *data = va_arg(rest, void *);
  va_end(rest);
  if (request == PTRACE_SETREGSET && address == (void *)NT_X86_XSTATE) return give_back(pid, data);
  if (request != PTRACE_PEEKTEXT && request != PTRACE_PEEKDATA && request != PTRACE_PEEKUSER)
    return syscall(SYS_ptrace, request, pid, address, data);
  long word; /* as the C library does: the system call stores it, and the function returns it */
  long result = syscall(SYS_ptrace, request, pid, address, &word);
  if (result < 0) return result;
  errno = 0;
  return word;
}
