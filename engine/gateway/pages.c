#include "gateway/pages.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "gateway/gateway.h"
#include "gateway/handlers.h"
#include "gateway/problem.h"

#define FILES_MAX 16
#define FILE_BYTES_MAX ((off_t)4 << 20)
#define PATH_BYTES 4096
#define HOME "index.html"

struct file {
    char name[NAME_MAX + 1];
    struct bl_text text;  // ours
};

struct pages {
    struct file files[FILES_MAX];
    size_t count;
};

/* --- reading them ----------------------------------------------------------------------------- */

static bool read_all(int fd, char *at, size_t bytes)
{
    while (bytes > 0) {
        ssize_t got = read(fd, at, bytes);

        if (got <= 0) {
            return false;
        }
        at += got;
        bytes -= (size_t)got;
    }
    return true;
}

static bool read_file(int folder, const char *name, struct bl_text *text)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat about;
    bool good = fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode) &&
                about.st_size <= FILE_BYTES_MAX;

    if (good) {
        char *bytes = malloc((size_t)about.st_size + 1);

        CHECK(bytes != NULL);
        good = read_all(fd, bytes, (size_t)about.st_size);
        *text = (struct bl_text){ bytes, (size_t)about.st_size };
        if (!good) {
            free(bytes);
        }
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return good;
}

static void read_folder(struct pages *pages, const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;

    while (folder != NULL && pages->count < FILES_MAX && (entry = readdir(folder)) != NULL) {
        struct file *file = &pages->files[pages->count];

        if (entry->d_name[0] != '.' && read_file(dirfd(folder), entry->d_name, &file->text)) {
            bl_text_copy(file->name, sizeof file->name, entry->d_name);
            pages->count++;
        }
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
}

static const struct file *file_of(const struct pages *pages, const char *name)
{
    for (size_t i = 0; i < pages->count; i++) {
        if (strcmp(pages->files[i].name, name) == 0) {
            return &pages->files[i];
        }
    }
    return NULL;
}

/* Where a build and an installation have them. */
static void read_beside(struct pages *pages)
{
    static const char *const places[] = { "../web", "../share/binglian/web" };
    char program[PATH_BYTES], path[2 * PATH_BYTES];
    ssize_t bytes = readlink("/proc/self/exe", program, sizeof program - 1);

    if (bytes <= 0) {
        return;
    }
    program[bytes] = '\0';
    *strrchr(program, '/') = '\0';
    for (size_t i = 0; i < BL_COUNT(places) && pages->count == 0; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", program, places[i]);
        read_folder(pages, path);
    }
}

enum bl_err pages_load(const char *folder, struct pages **pages, struct bl_error *e)
{
    *pages = calloc(1, sizeof **pages);
    CHECK(*pages != NULL);
    if (folder == NULL || folder[0] == '\0') {
        read_beside(*pages);
        return BL_OK;
    }
    read_folder(*pages, folder);
    return file_of(*pages, HOME) != NULL
               ? BL_OK
               : bl_error_at(e, BL_NOT_FOUND, folder, 0, 0, "has no pages (" HOME ")");
}

void pages_free(struct pages **pages)
{
    for (size_t i = 0; *pages != NULL && i < (*pages)->count; i++) {
        free((char *)(uintptr_t)(*pages)->files[i].text.at);
    }
    free(*pages);
    *pages = NULL;
}

/* --- showing them ----------------------------------------------------------------------------- */

static const char *type_of(const char *name)
{
    const char *ending = strrchr(name, '.');

    if (ending == NULL) {
        return NULL;
    }
    return strcmp(ending, ".html") == 0  ? "text/html; charset=utf-8"
           : strcmp(ending, ".js") == 0  ? "text/javascript; charset=utf-8"
           : strcmp(ending, ".css") == 0 ? "text/css; charset=utf-8"
                                         : NULL;
}

/* The compressed form where the browser takes it. */
static const struct file *form_of(struct request *request, const struct file *file)
{
    const char *takes = request_header(request, "Accept-Encoding");
    char name[NAME_MAX + 8];

    (void)snprintf(name, sizeof name, "%s.gz", file->name);
    const struct file *small = file_of(request->gateway->pages, name);
    if (small == NULL || takes == NULL || strstr(takes, "gzip") == NULL) {
        return file;
    }
    response_header(request, "Content-Encoding", "gzip");
    return small;
}

static void show(struct request *request, const char *name, const char *keep)
{
    const struct file *file = file_of(request->gateway->pages, name);
    const char *type = type_of(name);

    if (file == NULL || type == NULL) {
        problem(request, BL_NOT_FOUND, "pages-missing", "");
        return;
    }
    response_copy(request, 200, type, form_of(request, file)->text);
    response_header(request, "Cache-Control", keep);
    response_header(request, "Content-Security-Policy",
                    "default-src 'none'; script-src 'self'; style-src 'self'; "
                    "img-src 'self' data:; connect-src 'self'; form-action 'none'; "
                    "base-uri 'none'; frame-ancestors 'none'");
}

void show_home(struct request *request)
{
    show(request, HOME, "no-cache");
}

/* Their names change with what is in them. */
void show_page_file(struct request *request)
{
    show(request, request_parameter(request, "file"), "public, max-age=31536000, immutable");
}
