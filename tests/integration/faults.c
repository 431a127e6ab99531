/* faults.so — put before the C library of a process under test (LD_PRELOAD), it lets one call to a
 * socket fail, or the disk stand still: it stands in a file that the test maps too
 * (BINGLIAN_FAULTS). The product knows nothing of it. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum call { CALL_NONE, CALL_SEND, CALL_RECEIVE, CALL_SYNC };

struct plan {
    atomic_int call;   // enum call
    atomic_int left;   // calls that still succeed
    atomic_int error;  // errno of the one that fails
    atomic_int hits;
};

static struct plan none, *plan = &none;

__attribute__((constructor)) static void open_plan(void)
{
    const char *path = getenv("BINGLIAN_FAULTS");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    void *at =
        fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (at != MAP_FAILED) {
        plan = at;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
}

/* Unix sockets and pairs are left alone: only what has a peer elsewhere fails. */
static int is_tcp(int fd)
{
    struct sockaddr_storage address;
    socklen_t bytes = sizeof address;

    return getsockname(fd, (struct sockaddr *)&address, &bytes) == 0 &&
           address.ss_family == AF_INET;
}

static int fails(enum call call, int fd)
{
    if (atomic_load(&plan->call) != (int)call || !is_tcp(fd) ||
        atomic_fetch_sub(&plan->left, 1) > 0) {
        return 0;
    }
    atomic_store(&plan->call, CALL_NONE);
    atomic_fetch_add(&plan->hits, 1);
    errno = atomic_load(&plan->error);
    return 1;
}

ssize_t send(int fd, const void *bytes, size_t count, int flags)
{
    static ssize_t (*next)(int, const void *, size_t, int);

    if (next == NULL) {
        *(void **)&next = dlsym(RTLD_NEXT, "send");
    }
    return fails(CALL_SEND, fd) ? -1 : next(fd, bytes, count, flags);
}

ssize_t recv(int fd, void *bytes, size_t count, int flags)
{
    static ssize_t (*next)(int, void *, size_t, int);

    if (next == NULL) {
        *(void **)&next = dlsym(RTLD_NEXT, "recv");
    }
    return fails(CALL_RECEIVE, fd) ? -1 : next(fd, bytes, count, flags);
}

/* While the plan says so the disk stands still. */
int fdatasync(int fd)
{
    static int (*next)(int);

    if (next == NULL) {
        *(void **)&next = dlsym(RTLD_NEXT, "fdatasync");
    }
    while (atomic_load(&plan->call) == CALL_SYNC) {
        (void)usleep(1000);
    }
    return next(fd);
}
