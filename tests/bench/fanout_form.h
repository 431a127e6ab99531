/* fanout_form.h — the submission of the benchmark: twelve fields, about 430 bytes, of
 * fanout5.yaml. */
#pragma once

#include "binglian/v1/command.pb-c.h"

/* Fills a submission; what it points to is static. */
void fanout_submit(Bl__Submit *submit);
