#include "daemon/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child begins with no signal blocked or ignored, whatever we did with ours. */
static void set_signals(posix_spawnattr_t *attributes)
{
    sigset_t none, all;

    CHECK(sigemptyset(&none) == 0);
    CHECK(sigfillset(&all) == 0);
    CHECK(posix_spawnattr_setsigmask(attributes, &none) == 0);
    CHECK(posix_spawnattr_setsigdefault(attributes, &all) == 0);
    CHECK(posix_spawnattr_setpgroup(attributes, 0) == 0);
    CHECK(posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                   POSIX_SPAWN_SETPGROUP) == 0);
}

static int spawn(const struct words *words, int input, int output, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;

    CHECK(posix_spawn_file_actions_init(&actions) == 0);
    CHECK(posix_spawnattr_init(&attributes) == 0);
    CHECK(posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO) == 0);
    CHECK(posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) == 0);
    set_signals(&attributes);
    int failed = posix_spawnp(pid, words->at[0], &actions, &attributes, words->at, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    return failed;
}

static void close_pair(int pair[2])
{
    for (int i = 0; i < 2; i++) {
        if (pair[i] >= 0) {
            (void)close(pair[i]);
        }
        pair[i] = -1;
    }
}

static int set_nonblocking(int fd)
{
    return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

enum bl_err process_start(const struct words *words, int input, struct process *process,
                          struct bl_error *e)
{
    int in[2] = { -1, -1 }, out[2] = { -1, -1 };
    pid_t pid = 0;
    int failed = 0;

    if ((input < 0 && (pipe2(in, O_CLOEXEC) != 0 || set_nonblocking(in[1]) != 0)) ||
        pipe2(out, O_CLOEXEC) != 0 || set_nonblocking(out[0]) != 0) {
        failed = errno;
    }
    if (failed == 0) {
        failed = spawn(words, input < 0 ? in[0] : input, out[1], &pid);
    }
    // By its number: the C library of Debian 12 has pidfd_open, its older ones have not.
    int ended = failed == 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
    if (failed == 0 && ended < 0) {
        failed = errno;
        (void)kill(-pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
    }
    if (failed != 0) {
        close_pair(in);
        close_pair(out);
        return bl_error_set(e, BL_IO, "cannot run %s: %s", words->at[0], strerror(failed));
    }
    (void)close(out[1]);
    if (input < 0) {
        (void)close(in[0]);
    }
    *process = (struct process){ .pid = pid, .ended = ended, .input = in[1], .output = out[0] };
    return BL_OK;
}

void process_kill(const struct process *process)
{
    if (process->pid > 0) {
        (void)kill(-process->pid, SIGKILL);
    }
}

bool process_reap(struct process *process)
{
    int status = 0;
    pid_t waited;

    do {
        waited = waitpid(process->pid, &status, 0);
    } while (waited < 0 && errno == EINTR);
    (void)close(process->ended);
    (void)close(process->output);
    if (process->input >= 0) {
        (void)close(process->input);
    }
    bool well = waited == process->pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    *process = (struct process){ .input = -1, .output = -1, .ended = -1 };
    return well;
}
