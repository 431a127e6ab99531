/* bench-fanout: the engine at the work "fan-out-5" — one application, five departments, worker
 * processes that answer at once, everything durable — with the options and the output of
 * bench-floor, which does the same work without the engine.
 *
 * It starts the installed programs as they are (binglian-broker, five binglian-worker --decide
 * approve), and is itself the client, through libbinglian. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/text.h"
#include "binglian/v1/command.pb-c.h"
#include "client/client.h"
#include "fanout_form.h"

#define WORKERS 5
#define START_TIMEOUT (20 * SECOND_US)
#define POLL_US (10 * MILLISECOND_US)
#define STALL_MAX MINUTE_US  // nothing is heard for so long: something has died

static const char *const departments[WORKERS] = { "amr", "psb", "tax", "hrss", "nhsa" };

static const char usage[] =
    "usage: bench-fanout [-n APPLICATIONS] [-w WINDOW | -r RATE] [-t ipc|tcp] [-K] [-d DIR]\n"
    "                    -b BIN -f WORKFLOWS\n"
    "  -n  how many applications (200000)\n"
    "  -w  closed loop: so many applications not yet accepted (2048)\n"
    "  -r  open loop: applications a second, for delays\n"
    "  -t  transport (ipc)\n"
    "  -K  under CURVE, everybody with a key of his own (plain)\n"
    "  -d  an existing store to work on, kept (a new temporary one that is removed)\n"
    "  -b  folder of the programs   -f  folder of the workflows to publish\n";

struct options {
    uint64_t applications, window;
    double rate;
    bool tcp, curve;
    const char *data, *programs, *workflows;
};

struct run {
    struct options options;
    char folder[4096];
    pid_t broker, workers[WORKERS];
    struct bl_client *client;
    Bl__Submit submit;
    uint64_t sent, accepted, concluded, refused;
    uint64_t first_id;
    uint64_t heard;  // how much had come when something came the last time
    bl_span heard_at;
    bl_span *sent_at;               // by application; of the open loop: when it was due
    bl_span *accept_us, *final_us;  // delays
    bl_span started, ended;
    double cpu_client, cpu_broker, cpu_workers;
    uint64_t bytes_written, rss_bytes;
};

__attribute__((noreturn)) static void give_up(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench-fanout: %s: %s\n", what, why);
    exit(1);
}

/* --- processes ---------------------------------------------------------------------------------
 */

static pid_t start(char *const *arguments)
{
    pid_t pid = fork();

    if (pid < 0) {
        give_up("fork", strerror(errno));
    }
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getenv("BENCH_VERBOSE") == NULL) {
            (void)dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
        }
        (void)dup2(STDERR_FILENO, STDOUT_FILENO);  // ours is for the figures
        (void)execv(arguments[0], arguments);
        _exit(127);
    }
    return pid;
}

static char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *text(const char *format, ...)
{
    char *made = NULL;
    va_list arguments;

    va_start(arguments, format);
    CHECK(vasprintf(&made, format, arguments) >= 0);
    va_end(arguments);
    return made;
}

/* Waits for the file in which the broker writes where it listens. */
static char *wait_endpoint(const struct run *run)
{
    char *path = text("%s/endpoint", run->folder);
    bl_span until = bl_time_monotonic() + START_TIMEOUT;
    static char endpoint[256];

    while (bl_time_monotonic() < until) {
        int fd = open(path, O_RDONLY);
        ssize_t bytes = fd < 0 ? 0 : read(fd, endpoint, sizeof endpoint - 1);

        if (fd >= 0) {
            (void)close(fd);
        }
        if (bytes > 0) {
            endpoint[strcspn(endpoint, "\n")] = '\0';
            free(path);
            return endpoint;
        }
        (void)usleep(2000);
    }
    give_up("broker", "does not come up");
}

static void start_broker(struct run *run)
{
    char *endpoint_file = text("%s/endpoint", run->folder);
    char *broker[] = { text("%s/binglian-broker", run->options.programs),
                       text("--data"),
                       run->folder,
                       text("--listen"),
                       run->options.tcp ? text("tcp://127.0.0.1:*")
                                        : text("ipc://%s/front", run->folder),
                       text("--workflows"),
                       (char *)run->options.workflows,
                       run->options.curve ? NULL : text("--plain"),
                       NULL };

    (void)unlink(endpoint_file);
    run->broker = start(broker);
}

/* The identity file of a fresh key, granted; NULL where the wire is plain. */
static char *make_key(const struct run *run, const char *name, const char *role,
                      const char *department)
{
    char *file = text("%s/%s.identity", run->folder, name);
    char *binglian[] = { text("%s/binglian", run->options.programs),
                         text("--data"),
                         (char *)run->folder,
                         text("key"),
                         text("new"),
                         (char *)name,
                         text("--out"),
                         file,
                         text("--role"),
                         (char *)role,
                         department == NULL ? NULL : text("--department"),
                         (char *)department,
                         NULL };
    int status;

    if (!run->options.curve) {
        return NULL;
    }
    (void)unlink(file);
    if (waitpid(start(binglian), &status, 0) < 0 || status != 0) {
        give_up(name, "gets no key");
    }
    return file;
}

static pid_t start_worker(const struct run *run, const char *endpoint, const char *department)
{
    char *identity = make_key(run, department, "worker", department);
    char *worker[] = { text("%s/binglian-worker", run->options.programs),
                       text("--department"),
                       (char *)department,
                       text("--connect"),
                       (char *)endpoint,
                       text("--concurrency"),
                       text("4096"),
                       text("--decide"),
                       text("approve"),
                       identity == NULL ? NULL : text("--identity"),
                       identity,
                       NULL };

    return start(worker);
}

static void start_all(struct run *run)
{
    start_broker(run);
    char *endpoint = wait_endpoint(run);
    for (size_t i = 0; i < WORKERS; i++) {
        run->workers[i] = start_worker(run, endpoint, departments[i]);
    }
    struct bl_client_options options = { .identity = make_key(run, "clerk", "clerk", NULL),
                                         .principal = "clerk",
                                         .timeout = MINUTE_US };
    struct bl_error e = { 0 };
    if (bl_client_open(endpoint, &options, &run->client, &e) != BL_OK) {
        give_up(endpoint, e.text);
    }
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double stop(pid_t pid)
{
    struct rusage used;
    int status;

    (void)kill(pid, SIGTERM);
    if (wait4(pid, &status, 0, &used) < 0 || status != 0) {
        give_up("a program", "did not end well");
    }
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/* A number of a file of /proc, behind a name. */
static uint64_t proc_number(pid_t pid, const char *file, const char *name)
{
    char path[64], line[256];
    uint64_t value = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    FILE *in = fopen(path, "r");
    while (in != NULL && fgets(line, sizeof line, in) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0) {
            value = strtoull(line + strlen(name), NULL, 10);
        }
    }
    if (in != NULL) {
        (void)fclose(in);
    }
    return value;
}

/* --- the client --------------------------------------------------------------------------------
 */

static void answered(void *context, enum bl_err code, const Bl__Answer *answer)
{
    struct run *run = context;

    if (code != BL_OK) {
        if (run->refused++ == 0) {
            (void)fprintf(stderr, "bench-fanout: %s %s\n", bl_err_name(code),
                          answer == NULL || answer->refusal == NULL ? "" : answer->refusal->rule);
        }
        return;
    }
    if (run->first_id == 0) {
        run->first_id = answer->application_id - answer->tag;
    }
    run->accept_us[answer->tag] = bl_time_monotonic() - run->sent_at[answer->tag];
    run->accepted++;
}

static void concluded(void *context, const Bl__Concluded *what)
{
    struct run *run = context;
    uint64_t index = what->application_id - run->first_id;

    if (index < run->options.applications) {
        run->final_us[index] = bl_time_monotonic() - run->sent_at[index];
        run->concluded++;
    }
}

static void submit(struct run *run, bl_span at)
{
    Bl__Command command = BL__COMMAND__INIT;
    struct bl_error e = { 0 };

    command.tag = run->sent;
    command.what_case = BL__COMMAND__WHAT_SUBMIT;
    command.submit = &run->submit;
    run->sent_at[run->sent] = at;
    if (bl_client_command(run->client, &command, answered, run, &e) != BL_OK) {
        give_up("submit", e.text);
    }
    run->sent++;
}

static bool may_send(const struct run *run, bl_span now)
{
    if (run->sent == run->options.applications) {
        return false;
    }
    if (run->options.rate > 0) {
        return (double)(now - run->started) * run->options.rate / 1e6 > (double)run->sent;
    }
    return run->sent - run->accepted - run->refused < run->options.window;
}

static bl_span due_at(const struct run *run, bl_span now)
{
    return run->options.rate > 0
               ? run->started + (bl_span)((double)run->sent * 1e6 / run->options.rate)
               : now;
}

/* Gives up when nothing was heard for long. */
static void expect_progress(struct run *run, bl_span now)
{
    uint64_t heard = run->accepted + run->refused + run->concluded;

    if (heard != run->heard || run->heard_at == 0) {
        run->heard = heard;
        run->heard_at = now;
    } else if (now - run->heard_at > STALL_MAX) {
        give_up("the hall", "does not answer any more");
    }
}

static void work(struct run *run)
{
    uint64_t count = run->options.applications;
    struct bl_error e = { 0 };

    while (run->accepted + run->refused < count || run->concluded < run->accepted) {
        bl_span now = bl_time_monotonic();

        expect_progress(run, now);
        while (may_send(run, now)) {
            submit(run, due_at(run, now));
        }
        bl_span wait = run->options.rate > 0 && run->sent < count ? 200 : POLL_US;
        if (bl_client_poll(run->client, wait, &e) != BL_OK) {
            give_up("poll", e.text);
        }
    }
    run->ended = bl_time_monotonic();
}

/* All workers must be there before the clock starts: ten applications go through first. */
static void warm_up(struct run *run)
{
    uint64_t count = run->options.applications;

    run->options.applications = 10;
    work(run);
    run->options.applications = count;
    run->sent = run->accepted = run->concluded = run->refused = 0;
    run->first_id = 0;
}

static int compare(const void *a, const void *b)
{
    bl_span x = *(const bl_span *)a, y = *(const bl_span *)b;

    return (x > y) - (x < y);
}

static double percentile_ms(bl_span *delays, uint64_t count, double part)
{
    qsort(delays, count, sizeof *delays, compare);
    return (double)delays[(uint64_t)((double)(count - 1) * part)] / 1e3;
}

static void print(struct run *run)
{
    double count = (double)run->options.applications;
    double wall = (double)(run->ended - run->started) / 1e6;
    double cpu = run->cpu_client + run->cpu_broker + run->cpu_workers;
    uint64_t n = run->options.applications;

    (void)printf("{\"applications\":%.0f,\"refused\":%" PRIu64
                 ",\"transport\":\"%s\",\"curve\":%s,\"window\":%" PRIu64 ",\"rate\":%.0f,"
                 "\"apps_per_s\":%.0f,\"tasks_per_s\":%.0f,",
                 count, run->refused, run->options.tcp ? "tcp" : "ipc",
                 run->options.curve ? "true" : "false", run->options.window, run->options.rate,
                 count / wall, count * WORKERS / wall);
    (void)printf("\"accept_p50_ms\":%.3f,\"accept_p99_ms\":%.3f,\"final_p50_ms\":%.3f,"
                 "\"final_p99_ms\":%.3f,",
                 percentile_ms(run->accept_us, n, .5), percentile_ms(run->accept_us, n, .99),
                 percentile_ms(run->final_us, n, .5), percentile_ms(run->final_us, n, .99));
    (void)printf("\"cpu_us_per_app\":{\"client\":%.2f,\"broker\":%.2f,\"workers\":%.2f},"
                 "\"cpu_s_per_1000_apps\":%.5f,",
                 run->cpu_client / count * 1e6, run->cpu_broker / count * 1e6,
                 run->cpu_workers / count * 1e6, cpu / count * 1000);
    (void)printf("\"bytes_written\":%" PRIu64 ",\"bytes_per_app\":%.0f,\"rss_anon_mib\":%.1f}\n",
                 run->bytes_written, (double)run->bytes_written / count,
                 (double)run->rss_bytes / 1048576);
}

__attribute__((noreturn)) static void fail_usage(void)
{
    (void)fputs(usage, stderr);
    exit(2);
}

static double number(const char *from, double least)
{
    char *end;
    double value = strtod(from, &end);

    if (end == from || *end != '\0' || !(value >= least && value <= 1e9)) {
        fail_usage();
    }
    return value;
}

static struct options parse(int argc, char **argv)
{
    struct options options = { .applications = 200000, .window = 2048 };
    int option;

    while ((option = getopt(argc, argv, "n:w:r:t:Kd:b:f:")) != -1) {
        if (option == 'n') {
            options.applications = (uint64_t)number(optarg, 1);
        } else if (option == 'w') {
            options.window = (uint64_t)number(optarg, 1);
        } else if (option == 'r') {
            options.rate = number(optarg, 1);
        } else if (option == 't' && (strcmp(optarg, "tcp") == 0 || strcmp(optarg, "ipc") == 0)) {
            options.tcp = strcmp(optarg, "tcp") == 0;
        } else if (option == 'K') {
            options.curve = true;
        } else if (option == 'd') {
            options.data = optarg;
        } else if (option == 'b') {
            options.programs = optarg;
        } else if (option == 'f') {
            options.workflows = optarg;
        } else {
            fail_usage();
        }
    }
    if (options.programs == NULL || options.workflows == NULL || optind != argc) {
        fail_usage();
    }
    return options;
}

static void remove_folder(const char *folder)
{
    char *command[] = { text("/bin/rm"), text("-rf"), (char *)folder, NULL };
    pid_t pid = start(command);

    (void)waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
    static struct run run;
    char temporary[] = "/tmp/bench-fanout-XXXXXX";
    struct rusage before, after;

    run.options = parse(argc, argv);
    if (run.options.data == NULL && mkdtemp(temporary) == NULL) {
        give_up("temporary folder", strerror(errno));
    }
    bl_text_copy(run.folder, sizeof run.folder,
                 run.options.data == NULL ? temporary : run.options.data);
    fanout_submit(&run.submit);
    size_t room = run.options.applications > 10 ? run.options.applications : 10;
    run.sent_at = calloc(room, sizeof *run.sent_at);
    run.accept_us = calloc(room, sizeof *run.accept_us);
    run.final_us = calloc(room, sizeof *run.final_us);
    CHECK(run.sent_at != NULL && run.accept_us != NULL && run.final_us != NULL);
    start_all(&run);
    bl_client_report(run.client, concluded, &run);
    run.started = bl_time_monotonic();
    warm_up(&run);
    uint64_t written = proc_number(run.broker, "io", "wchar:");
    (void)getrusage(RUSAGE_SELF, &before);
    run.started = bl_time_monotonic();
    work(&run);
    (void)getrusage(RUSAGE_SELF, &after);
    run.cpu_client = seconds(after.ru_utime) + seconds(after.ru_stime) - seconds(before.ru_utime) -
                     seconds(before.ru_stime);
    run.bytes_written = proc_number(run.broker, "io", "wchar:") - written;
    run.rss_bytes = proc_number(run.broker, "status", "RssAnon:") * 1024;
    bl_client_close(&run.client);
    for (size_t i = 0; i < WORKERS; i++) {
        run.cpu_workers += stop(run.workers[i]);
    }
    run.cpu_broker = stop(run.broker);
    print(&run);
    if (run.options.data == NULL) {
        remove_folder(run.folder);
    }
    return run.refused == 0 ? 0 : 1;
}
