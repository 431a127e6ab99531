/* write.h — commands of requests, as write.c and batch.c make them. */
#pragma once

#include "gateway/request.h"

/* The request id from Idempotency-Key, which is the caller's alone; false after it was answered
 * that there is none. */
bool write_key(struct request *request, Bl__Command *command);
/* Makes it about a task, NUMBER.item[.step], and sets the member that a verb stands for ("result=
 * GRANTED"; NULL: none). */
void write_task(struct request *request, Bl__Command *command, ProtobufCMessage *what,
                const char *task, const char *preset);
