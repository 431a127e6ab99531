/* difference.h — what two messages of one kind say differently, place by place. */
#pragma once

#include "cli/output.h"

/* Shows each place that was added, removed or changed; exit status 0. */
int difference_show(struct cli *cli, const ProtobufCMessage *before, const ProtobufCMessage *after);
