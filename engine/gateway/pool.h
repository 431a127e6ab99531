/* pool.h — threads for what takes long: passwords are hashed here and not where connections wait.
 */
#pragma once

#include "gateway/request.h"

struct pool;

/* `resume` is called in a thread of the pool after the request's `think`. */
struct pool *pool_new(void (*resume)(struct request *request));
/* Ends what waits as unavailable, and what is posted from now on. */
void pool_stop(struct pool *pool);
void pool_free(struct pool **pool);
/* False: too many wait already; nothing happens then. */
bool pool_post(struct pool *pool, struct request *request);
