/* shown.h — what was shown a moment ago and is still so: views of applications as JSON.
 * Many ask for the same few cases, over and over. A view is shown again to the same person while
 * the application's record is the same (its checksum tells, so a write is seen at once) and for one
 * second at the most, since lights and remaining days move with time alone. */
#pragma once

#include "gateway/request.h"

struct shown;

struct shown *shown_new(void);
void shown_free(struct shown **shown);

/* Answers from what was shown; false: it has to be made.
 *   version  of the record, as shown_version gives it; never 0 */
bool shown_again(struct shown *shown, struct request *request, const char *number,
                 uint64_t version);
/* Keeps the response that was just made. */
void shown_keep(struct shown *shown, const struct request *request, const char *number,
                uint64_t version, uint32_t revision);
/* What tells an application's record from what it was before; 0: there is none. */
uint64_t shown_version(struct request *request, const char *number);
