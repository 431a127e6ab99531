#include <stdlib.h>

#include "floor.h"
#include "floor_wire.h"

/* Answers every task at once. Its hello carries its department. */
void floor_worker(const struct floor_endpoints *endpoints, uint32_t department)
{
    void *context = zmq_ctx_new();
    void *socket = floor_socket(context, ZMQ_DEALER);
    struct floor_out out = floor_out_new(socket, NULL);
    Bench__Filing hello = BENCH__FILING__INIT, *task;
    struct bl_arena arena;
    zmq_msg_t message;

    bl_arena_init(&arena, 4096, 65536);
    floor_check(zmq_connect(socket, endpoints->back), "connect");
    hello.department = department;
    floor_out_add(&out, &hello);
    floor_out_send(&out);
    (void)zmq_msg_init(&message);
    while (floor_receive(socket, NULL, &message, 0) && zmq_msg_size(&message) > 0) {
        struct floor_reader reader = floor_read(&message);

        while ((task = floor_next(&reader, &arena)) != NULL) {
            task->stage = BENCH__FILING__STAGE__ANSWERED;
            floor_out_add(&out, task);
        }
        floor_out_send(&out);
    }
    (void)zmq_msg_close(&message);
    (void)zmq_close(socket);
    (void)zmq_ctx_term(context);
    bl_arena_free(&arena);
    free(out.frame);
}
