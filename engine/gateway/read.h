/* read.h — what handlers ask the store, always as the person who asks. */
#pragma once

#include "gateway/request.h"

/* Asks; the answer lies in the request's arena. */
MUST_CHECK enum bl_err read_ask(struct request *request, const struct principal *person,
                                const Bl__Query *query, Bl__QueryAnswer *answer,
                                struct bl_error *e);
/* The revision of an application that the caller may see; 0: there is none. */
uint32_t read_revision(struct request *request, const char *number);
