/* plain.h — texts that people give are plain: no control characters, which a terminal, a printed
 * notice or a log would act on. Line breaks and tabs are text. */
#pragma once

#include "binglian/v1/command.pb-c.h"

/* The field of a command's own act, or of who speaks, that is not plain; NULL if all are. Bytes
 * (forms, files) are not looked into. */
const char *plain_offender(const Bl__Command *command);
/* The same of any message, all that it holds included. */
const char *plain_offender_in(const ProtobufCMessage *message);
