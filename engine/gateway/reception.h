/* reception.h — from a request to its handler: route, caller, limits, language. */
#pragma once

#include "gateway/gateway.h"
#include "gateway/route.h"

/* What can be said before the body has come: finds route and caller and answers what may not be.
 * The request has its method, path, headers, arguments and address. */
void reception_begin(struct request *request);
/* The body is there. Afterwards there is a response, or a job. */
void reception_run(struct request *request);
