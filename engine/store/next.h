/* next.h — what happens next with an application, and who has to act: the earliest of all that
 * somebody has to do. Computed from state and definition, never stored. */
#pragma once

#include "store/view.h"

/* NULL: nothing is to be done any more, of what the viewer may see. Borrows from both. */
Bl__NextView *next_of(const struct viewer *viewer, const Bl__Application *application,
                      const struct definition *definition);
