/* auth.h — who asks: from the headers of a request to an account. */
#pragma once

#include "gateway/request.h"

/* Finds the caller by bearer token or session cookie.
 *   returns  false after it was answered that what was shown is worth nothing; nothing shown at all
 *            is nobody */
bool auth_read(struct request *request);
/* May this route be called by him, this way? Answers 401 or 403 where not. */
bool auth_check(struct request *request);
/* Is he still who he was, for those who stay connected? */
bool auth_is_current(struct request *request, bl_time now);
