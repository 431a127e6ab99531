/* workflow.h — the version of a workflow that a request is about. */
#pragma once

#include "gateway/request.h"
#include "store/catalog.h"

/* Finds a published version; 0: the one that new applications take. False after the problem was
 * answered. */
bool workflow_find(struct request *request, const char *workflow, uint32_t version,
                   struct catalog_version *found);
