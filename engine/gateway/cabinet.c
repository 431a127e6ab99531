#include "gateway/cabinet.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#define PATH_BYTES 4096

enum bl_err cabinet_error(struct bl_error *e, int rc, const char *doing)
{
    return bl_error_set(e, rc == MDB_MAP_FULL || rc == ENOSPC ? BL_FULL : BL_IO, "%s: %s", doing,
                        mdb_strerror(rc));
}

static int open_environment(const char *path, size_t bytes, unsigned tables, MDB_env **env)
{
    int dead, rc = mdb_env_create(env);

    if (rc == 0 && tables > 0) {
        rc = mdb_env_set_maxdbs(*env, tables);
    }
    if (rc == 0) {
        rc = mdb_env_set_mapsize(*env, bytes);
    }
    if (rc == 0) {
        rc = mdb_env_open(*env, path, MDB_NOTLS, 0600);
    }
    if (rc == 0) {
        (void)mdb_reader_check(*env, &dead);
    }
    return rc;
}

enum bl_err cabinet_open(const char *data, const char *name, size_t bytes, unsigned tables,
                         MDB_env **env, struct bl_error *e)
{
    char path[PATH_BYTES];
    int rc;

    if (snprintf(path, sizeof path, "%s/gateway%s%s", data, name != NULL ? "/" : "",
                 name != NULL ? name : "") >= (int)sizeof path) {
        rc = ENAMETOOLONG;
    } else if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        rc = errno;
    } else {
        rc = open_environment(path, bytes, tables, env);
    }
    if (rc == ENOENT) {
        return bl_error_at(e, BL_NOT_FOUND, data, 0, 0, "there is no such folder");
    }
    return rc == 0 ? BL_OK : cabinet_error(e, rc, path);
}
