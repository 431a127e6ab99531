/* hello_worker.c — a whole worker: it approves every task of a department.
 *   cc hello_worker.c $(pkg-config --cflags --libs libbinglian-worker) -o hello-worker
 *   ./hello-worker fire tcp://127.0.0.1:7701 [IDENTITY] */
#include <binglian/worker.h>
#include <signal.h>
#include <stdio.h>

static struct bl_worker *worker;

static void stop(int number)
{
    (void)number;
    bl_worker_stop(worker);
}

static void work(void *context, const Bl__Task *task, Bl__Decision *decision)
{
    (void)context;
    printf("%s %s\n", task->task, task->attempt);
    decision->decision = BL__DECISION__VERDICT__APPROVE;
    decision->opinion = "同意";
}

int main(int count, char **words)
{
    struct bl_error e = { 0 };
    struct bl_worker_options options = { 0 };

    options.department = count > 1 ? words[1] : "fire";
    options.connect = count > 2 ? words[2] : "tcp://127.0.0.1:7701";
    options.identity = count > 3 ? words[3] : NULL;
    options.concurrency = 100;
    enum bl_err err = bl_worker_open(&options, &worker, &e);
    if (err == BL_OK) {
        (void)signal(SIGTERM, stop);
        (void)signal(SIGINT, stop);
        err = bl_worker_run(worker, work, NULL, &e);
        bl_worker_close(&worker);
    }
    if (err != BL_OK) {
        (void)fprintf(stderr, "hello-worker: %s\n", e.text);
    }
    return err == BL_OK ? 0 : 1;
}
