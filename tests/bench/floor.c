/* bench-floor: runs the floor's processes and prints what they measured as one JSON object. */
#include "floor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "floor_wire.h"

enum role { BROKER, WORKER, CLIENT, ROLE_COUNT };
#define PROCESSES (FLOOR_WORKERS + 2)

static const char usage[] =
    "usage: bench-floor [-n APPLICATIONS] [-w WINDOW | -r RATE] [-s CAP] [-t ipc|tcp] [-d DIR]\n"
    "  -n  how many applications (200000)\n"
    "  -w  closed loop: so many applications not yet accepted (2048)\n"
    "  -r  open loop: applications a second, for delays\n"
    "  -s  applications that one cycle takes at most (512)\n"
    "  -t  transport (ipc)\n"
    "  -d  an empty folder for the store (a temporary one that is removed)\n";

struct run {
    struct floor_options options;
    struct floor_results *results;
    struct {
        pid_t pid;
        enum role role;
    } processes[PROCESSES];
    size_t process_count;
    double cpu_seconds[ROLE_COUNT];
};

__attribute__((noreturn)) static void fail_usage(void)
{
    (void)fputs(usage, stderr);
    exit(2);
}

static double number(const char *text, double least)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !(value >= least && value <= 1e9)) {
        fail_usage();
    }
    return value;
}

static struct floor_options parse(int argc, char **argv)
{
    struct floor_options options = { .applications = 200000, .window = 2048, .cap = 512 };
    int option;

    while ((option = getopt(argc, argv, "n:w:r:s:t:d:")) != -1) {
        if (option == 'n') {
            options.applications = (uint64_t)number(optarg, 1);
        } else if (option == 'w') {
            options.window = (uint64_t)number(optarg, 1);
        } else if (option == 'r') {
            options.rate = number(optarg, 1);
        } else if (option == 's') {
            options.cap = (uint64_t)number(optarg, 1);
        } else if (option == 'd') {
            options.data = optarg;
        } else if (option == 't' && (strcmp(optarg, "tcp") == 0 || strcmp(optarg, "ipc") == 0)) {
            options.tcp = strcmp(optarg, "tcp") == 0;
        } else {
            fail_usage();
        }
    }
    return options;
}

/* In a child that does not outlive its parent: true. */
static bool start(struct run *run, enum role role)
{
    pid_t pid = fork();

    floor_must(pid >= 0, "fork");
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        return true;
    }
    run->processes[run->process_count].role = role;
    run->processes[run->process_count++].pid = pid;
    return false;
}

static void start_all(struct run *run)
{
    struct floor_endpoints endpoints;
    int pipes[2];

    floor_must(pipe(pipes) == 0, "pipe");
    if (start(run, BROKER)) {
        floor_broker(&run->options, pipes[1], run->results);
        exit(EXIT_SUCCESS);
    }
    (void)close(pipes[1]);
    floor_must(read(pipes[0], &endpoints, sizeof endpoints) == sizeof endpoints, "hear the broker");
    (void)close(pipes[0]);
    for (uint32_t department = 0; department < FLOOR_WORKERS; department++) {
        if (start(run, WORKER)) {
            floor_worker(&endpoints, department);
            exit(EXIT_SUCCESS);
        }
    }
    if (start(run, CLIENT)) {
        floor_client(&run->options, &endpoints, run->results);
        exit(EXIT_SUCCESS);
    }
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* Adds up each role's processor time. If one process fails, all end with it. */
static bool wait_all(struct run *run)
{
    for (size_t i = 0; i < PROCESSES; i++) {
        struct rusage used;
        int status;
        pid_t pid = wait4(-1, &status, 0, &used);

        if (pid < 0 || status != 0) {
            return false;
        }
        for (size_t j = 0; j < PROCESSES; j++) {
            if (run->processes[j].pid == pid) {
                run->cpu_seconds[run->processes[j].role] +=
                    seconds(used.ru_utime) + seconds(used.ru_stime);
            }
        }
    }
    return true;
}

static void print(const struct run *run)
{
    const struct floor_results *results = run->results;
    double count = (double)run->options.applications, total = 0, each_us[ROLE_COUNT];

    for (size_t role = 0; role < ROLE_COUNT; role++) {
        each_us[role] = run->cpu_seconds[role] / count * 1e6;
        total += run->cpu_seconds[role];
    }
    (void)printf("{\"applications\":%.0f,\"transport\":\"%s\",\"window\":%llu,\"rate\":%.0f,"
                 "\"apps_per_s\":%.0f,\"tasks_per_s\":%.0f,",
                 count, run->options.tcp ? "tcp" : "ipc", (unsigned long long)run->options.window,
                 run->options.rate, count / results->seconds,
                 count * FLOOR_WORKERS / results->seconds);
    (void)printf("\"accept_p50_ms\":%.3f,\"accept_p99_ms\":%.3f,"
                 "\"final_p50_ms\":%.3f,\"final_p99_ms\":%.3f,",
                 results->accept_p50_ms, results->accept_p99_ms, results->final_p50_ms,
                 results->final_p99_ms);
    (void)printf("\"cpu_us_per_app\":{\"client\":%.2f,\"broker\":%.2f,\"workers\":%.2f},"
                 "\"cpu_s_per_1000_apps\":%.5f,",
                 each_us[CLIENT], each_us[BROKER], each_us[WORKER], total / count * 1000);
    (void)printf("\"commits\":%llu,\"bytes_written\":%llu,\"bytes_per_app\":%.0f}\n",
                 (unsigned long long)results->commits, (unsigned long long)results->bytes_written,
                 (double)results->bytes_written / count);
}

static void remove_store(const char *folder)
{
    static const char *const names[] = { "data.mdb", "lock.mdb", "" };
    char path[4096];

    for (size_t i = 0; i < BL_COUNT(names); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)remove(path);
    }
}

int main(int argc, char **argv)
{
    struct run run = { .options = parse(argc, argv) };
    char temporary[] = "/tmp/bench-floor-XXXXXX";
    bool ok;

    if (run.options.data == NULL) {
        run.options.data = mkdtemp(temporary);
        floor_must(run.options.data != NULL, "make a temporary folder");
    }
    run.results =
        mmap(NULL, sizeof *run.results, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    floor_must(run.results != MAP_FAILED, "share memory");
    start_all(&run);
    ok = wait_all(&run);
    if (run.options.data == temporary) {
        remove_store(temporary);
    }
    if (ok) {
        print(&run);
    }
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
