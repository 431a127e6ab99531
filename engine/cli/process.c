#include "cli/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"

#define TURN_US 20000  // between two looks at whether a child has ended

const char *process_find(struct cli *cli, const char *name)
{
    char self[1024];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

    if (length > 0) {
        self[length] = '\0';
        char *slash = strrchr(self, '/');
        const char *path = bl_arena_printf(&cli->arena, "%.*s/%s", (int)(slash - self), self, name);
        if (access(path, X_OK) == 0) {
            return path;
        }
    }
    return name;
}

/* In the child: never returns. */
__attribute__((noreturn)) static void become(const char *const *words, const char *log,
                                             pid_t parent)
{
    int output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    sigset_t none;

    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (output < 0 || nothing < 0 || getppid() != parent) {  // it may have ended before prctl
        _exit(127);
    }
    (void)dup2(nothing, STDIN_FILENO);
    (void)dup2(output, STDOUT_FILENO);
    (void)dup2(output, STDERR_FILENO);
    (void)execvp(words[0], (char *const *)words);
    (void)dprintf(STDERR_FILENO, "%s: %s\n", words[0], strerror(errno));
    _exit(127);
}

enum bl_err process_start(const char *const *words, const char *log, pid_t *pid, struct bl_error *e)
{
    pid_t parent = getpid(), child = fork();

    if (child < 0) {
        return bl_error_at(e, BL_IO, words[0], 0, 0, "cannot start: %s", strerror(errno));
    }
    if (child == 0) {
        become(words, log, parent);
    }
    *pid = child;
    return BL_OK;
}

/* Forgets those that have ended; returns how many have not. */
static size_t reap(pid_t *pids, size_t count)
{
    size_t left = 0;

    for (size_t i = 0; i < count; i++) {
        if (pids[i] > 0 && waitpid(pids[i], NULL, WNOHANG) != 0) {
            pids[i] = 0;
        }
        left += pids[i] > 0;
    }
    return left;
}

static void signal_all(const pid_t *pids, size_t count, int signal)
{
    for (size_t i = 0; i < count; i++) {
        if (pids[i] > 0) {
            (void)kill(pids[i], signal);
        }
    }
}

void process_stop(pid_t *pids, size_t count, int64_t patience)
{
    bl_span begun = bl_time_monotonic();

    signal_all(pids, count, SIGTERM);
    while (reap(pids, count) > 0 && bl_time_monotonic() - begun < patience) {
        (void)usleep(TURN_US);
    }
    signal_all(pids, count, SIGKILL);
    while (reap(pids, count) > 0) {
        (void)usleep(TURN_US);
    }
}
