/* Frames, attempts, endpoints and identity files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "binglian/v1/transport.pb-c.h"
#include "wire/attempt.h"
#include "wire/frame.h"
#include "wire/identity.h"
#include "wire/socket.h"

/* --- frames --------------------------------------------------------------------------------------
 */

struct number_case {
    const char *name;
    const ProtobufCMessageDescriptor *message;
    const char *field;
    uint32_t number;
};

#define FIELD(message, field, number)                                                              \
    {                                                                                              \
#message "." #field, &bl__##message##__descriptor, #field, number                          \
    }
// clang-format off
static const struct number_case number_cases[] = {
    FIELD(client_frame, hello, WIRE_CLIENT_HELLO),
    FIELD(client_frame, commands, WIRE_CLIENT_COMMANDS),
    FIELD(client_frame, queries, WIRE_CLIENT_QUERIES),
    FIELD(client_frame, ping, WIRE_CLIENT_PING),
    FIELD(broker_frame, welcome, WIRE_BROKER_WELCOME),
    FIELD(broker_frame, answers, WIRE_BROKER_ANSWERS),
    FIELD(broker_frame, query_answers, WIRE_BROKER_QUERY_ANSWERS),
    FIELD(broker_frame, pong, WIRE_BROKER_PONG),
    FIELD(broker_frame, disconnect, WIRE_BROKER_DISCONNECT),
    FIELD(worker_frame, hello, WIRE_WORKER_HELLO),
    FIELD(worker_frame, decisions, WIRE_WORKER_DECISIONS),
    FIELD(worker_frame, ping, WIRE_WORKER_PING),
    FIELD(worker_frame, goodbye, WIRE_WORKER_GOODBYE),
    FIELD(worker_frame, given_back, WIRE_WORKER_GIVEN_BACK),
    FIELD(task_frame, welcome, WIRE_TASK_WELCOME),
    FIELD(task_frame, tasks, WIRE_TASK_TASKS),
    FIELD(task_frame, acknowledgements, WIRE_TASK_ACKNOWLEDGEMENTS),
    FIELD(task_frame, revoked, WIRE_TASK_REVOKED),
    FIELD(task_frame, pong, WIRE_TASK_PONG),
    FIELD(task_frame, disconnect, WIRE_TASK_DISCONNECT),
};
// clang-format on

static void number(void **state)
{
    const struct number_case *row = *state;
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(row->message, row->field);

    assert_non_null(field);
    assert_int_equal(field->id, row->number);
}

static void fields_laid_end_to_end_are_one_message(void **state)
{
    struct wire_frame frame = { 0 };
    Bl__Acknowledgement first = BL__ACKNOWLEDGEMENT__INIT;
    Bl__Acknowledgement second = BL__ACKNOWLEDGEMENT__INIT;

    (void)state;
    first.attempt = "7-1";
    second.attempt = "7-2";
    second.event = 300;
    assert_true(wire_frame_add(&frame, WIRE_TASK_ACKNOWLEDGEMENTS, &first.base));
    assert_true(wire_frame_add_text(&frame, WIRE_TASK_REVOKED, "7-3"));
    assert_true(wire_frame_add(&frame, WIRE_TASK_ACKNOWLEDGEMENTS, &second.base));
    assert_true(wire_frame_add_true(&frame, WIRE_TASK_PONG));
    Bl__TaskFrame *merged = bl__task_frame__unpack(NULL, frame.used, frame.bytes);

    assert_non_null(merged);
    assert_int_equal(merged->n_acknowledgements, 2);
    assert_string_equal(merged->acknowledgements[1]->attempt, "7-2");
    assert_int_equal(merged->acknowledgements[1]->event, 300);
    assert_string_equal(merged->revoked[0], "7-3");
    assert_true(merged->pong);
    bl__task_frame__free_unpacked(merged, NULL);
    wire_frame_free(&frame);
}

static void a_frame_is_bounded(void **state)
{
    struct wire_frame frame = { 0 };
    char *text = calloc(1, WIRE_FRAME_BYTES_MAX + 1);

    (void)state;
    assert_non_null(text);
    memset(text, 'x', WIRE_FRAME_BYTES_MAX);
    assert_false(wire_frame_add_text(&frame, 1, text));
    assert_int_equal(frame.used, 0);
    text[WIRE_FRAME_BYTES_MAX - 100] = '\0';
    assert_true(wire_frame_add_text(&frame, 1, text));
    size_t used = frame.used;

    assert_false(wire_frame_add_text(&frame, 1, text));
    assert_int_equal(frame.used, used);
    assert_true(used <= WIRE_FRAME_BYTES_MAX);
    wire_frame_clear(&frame);
    assert_true(wire_frame_add_text(&frame, 1, "x"));
    wire_frame_free(&frame);
    free(text);
}

static void a_reader_sees_what_was_written(void **state)
{
    struct wire_frame frame = { 0 };
    struct wire_field field;

    (void)state;
    assert_true(wire_frame_add_number(&frame, 3, UINT64_MAX));
    assert_true(wire_frame_add_fixed64(&frame, 4, -2));
    assert_true(wire_frame_add_text(&frame, 5, "并联"));
    struct wire_reader reader = wire_reader_of(frame.bytes, frame.used);

    assert_true(wire_read(&reader, &field));
    assert_int_equal(field.number, 3);
    assert_false(field.is_bytes);
    assert_true(field.value == UINT64_MAX);
    assert_true(wire_read(&reader, &field));
    assert_true((int64_t)field.value == -2);
    assert_true(wire_read(&reader, &field));
    assert_true(field.is_bytes);
    assert_true(bl_text_is(field.bytes, "并联"));
    assert_int_equal(field.raw.bytes, field.bytes.bytes + 2);
    assert_false(wire_read(&reader, &field));
    assert_true(wire_reader_is_done(&reader));
    wire_frame_free(&frame);
}

struct broken_case {
    const char *name;
    const char *bytes;
    size_t count;
};

// clang-format off
static const struct broken_case broken_cases[] = {
    { "field number 0",             "\x02\x00", 2 },
    { "a length past the end",      "\x0A\x05xx", 4 },
    { "a tag without a value",      "\x08", 1 },
    { "a varint without an end",    "\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 12 },
    { "a group",                    "\x0B\x0C", 2 },
    { "half a fixed64",             "\x09\x01\x02", 3 },
    { "half a fixed32",             "\x0D\x01", 2 },
    { "a wire type that is none",   "\x0F", 1 },
    { "a field number past 2^29",   "\xFF\xFF\xFF\xFF\xFF\x0F\x01", 7 },
};
// clang-format on

static void broken(void **state)
{
    const struct broken_case *row = *state;
    struct wire_reader reader = wire_reader_of(row->bytes, row->count);
    struct wire_field field;

    assert_false(wire_read(&reader, &field));
    assert_false(wire_reader_is_done(&reader));
}

static void unpacking_checks_first(void **state)
{
    struct bl_arena arena;
    ProtobufCMessage *message = NULL;

    (void)state;
    bl_arena_init(&arena, 1024, 1 << 20);
    assert_int_equal(wire_unpack(&bl__held__descriptor, (struct bl_text){ "\x0A\x01x", 3 }, &arena,
                                 &message, NULL),
                     BL_OK);
    assert_string_equal(((Bl__Held *)message)->task, "x");
    assert_int_equal(wire_unpack(&bl__held__descriptor, (struct bl_text){ "\x0A\x02x\0", 4 },
                                 &arena, &message, NULL),
                     BL_MALFORMED);  // an inner NUL
    assert_int_equal(wire_unpack(&bl__held__descriptor, (struct bl_text){ "\x0A\x01\xFF", 3 },
                                 &arena, &message, NULL),
                     BL_MALFORMED);  // not UTF-8
    bl_arena_free(&arena);
}

static void what_does_not_fit_the_arena_is_too_large(void **state)
{
    struct bl_arena arena;
    ProtobufCMessage *message = NULL;

    (void)state;
    bl_arena_init(&arena, 16, 16);
    assert_int_equal(wire_unpack(&bl__held__descriptor, (struct bl_text){ "\x0A\x01x", 3 }, &arena,
                                 &message, NULL),
                     BL_TOO_LARGE);
    bl_arena_free(&arena);
}

/* --- attempts ------------------------------------------------------------------------------------
 */

static void attempts_go_out_and_come_back(void **state)
{
    static const uint64_t attempts[] = { 1, (UINT64_C(7) << 32) | 1042, UINT64_MAX, 0 };
    char text[ATTEMPT_TEXT_BYTES];
    uint64_t back = 9;

    (void)state;
    assert_string_equal(attempt_format(attempts[1], text), "7-1042");
    for (size_t i = 0; i < BL_COUNT(attempts); i++) {
        assert_true(attempt_parse(attempt_format(attempts[i], text), &back));
        assert_true(back == attempts[i]);
    }
}

static const char *const no_attempts[] = { "",     "7",   "7-",    "-1",           "7-1 ",
                                           " 7-1", "7-x", "07-1",  "7-4294967296", "7--1",
                                           "+7-1", "7_1", "7-1-1", "99999999999-1" };

static void what_is_no_attempt_is_refused(void **state)
{
    uint64_t attempt = 0;

    (void)state;
    for (size_t i = 0; i < BL_COUNT(no_attempts); i++) {
        assert_false(attempt_parse(no_attempts[i], &attempt));
    }
}

/* --- endpoints -----------------------------------------------------------------------------------
 */

struct endpoint_case {
    const char *name;
    bool valid, local;
};

// clang-format off
static const struct endpoint_case endpoint_cases[] = {
    { "tcp://127.0.0.1:7701",          true,  true },
    { "tcp://127.8.0.1:*",             true,  true },
    { "tcp://localhost:7701",          true,  true },
    { "tcp://[::1]:7701",              true,  true },
    { "ipc:///run/binglian/socket",    true,  true },
    { "tcp://10.0.0.7:7701",           true,  false },
    { "tcp://*:7701",                  true,  false },
    { "tcp://0.0.0.0:7701",            true,  false },
    { "tcp://127.example.org:7701",    true,  false },
    { "tcp://localhost.evil.org:7701", true,  false },
    { "tcp://[::]:7701",               true,  false },
    { "tcp://127.0.0.1",               false, false },
    { "tcp://127.0.0.1:",              false, false },
    { "tcp://127.0.0.1:70000",         false, false },
    { "tcp://127.0.0.1:77x",           false, false },
    { "tcp://:7701",                   false, false },
    { "ipc://",                        false, false },
    { "udp://127.0.0.1:7701",          false, false },
    { "127.0.0.1:7701",                false, false },
    { "",                              false, false },
};
// clang-format on

static void endpoint(void **state)
{
    const struct endpoint_case *row = *state;

    assert_int_equal(wire_endpoint_check(row->name, NULL), row->valid ? BL_OK : BL_INVALID);
    assert_int_equal(wire_endpoint_is_local(row->name), row->local);
}

struct resolve_case {
    const char *name;
    const char *announced, *dialled, *expected;  // expected NULL: refused
};

// clang-format off
static const struct resolve_case resolve_cases[] = {
    { "every address is the one dialled", "tcp://*:7702", "tcp://10.0.0.7:7701",
      "tcp://10.0.0.7:7702" },
    { "IPv6 too", "tcp://*:7702", "tcp://[fe80::1]:7701", "tcp://[fe80::1]:7702" },
    { "an address of its own stays", "tcp://10.0.0.8:7702", "tcp://10.0.0.7:7701",
      "tcp://10.0.0.8:7702" },
    { "a path stays", "ipc:///run/b.workers", "ipc:///run/b", "ipc:///run/b.workers" },
    { "a path has no host to give", "tcp://*:7702", "ipc:///run/b", NULL },
    { "nonsense", "hello", "ipc:///run/b", NULL },
};
// clang-format on

static void resolve(void **state)
{
    const struct resolve_case *row = *state;
    char resolved[WIRE_ENDPOINT_BYTES] = "";
    enum bl_err err = wire_endpoint_resolve(row->announced, row->dialled, resolved, NULL);

    assert_int_equal(err, row->expected == NULL ? BL_INVALID : BL_OK);
    assert_string_equal(resolved, row->expected == NULL ? "" : row->expected);
}

/* --- identities ----------------------------------------------------------------------------------
 */

static char folder[] = "/tmp/test_wire.XXXXXX";
static char file[64];

static int make_folder(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(file, sizeof file, "%s/identity", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(file);
    return rmdir(folder);
}

static void an_identity_is_written_and_read(void **state)
{
    struct identity broker, made, read = { 0 };
    struct stat status;

    (void)state;
    (void)unlink(file);
    assert_int_equal(identity_make("broker", NULL, &broker, NULL), BL_OK);
    assert_int_equal(identity_make("消防-1", broker.public_key, &made, NULL), BL_OK);
    assert_int_equal(identity_save(&made, file, NULL), BL_OK);
    assert_int_equal(stat(file, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(identity_load(file, &read, NULL), BL_OK);
    assert_string_equal(read.name, "消防-1");
    assert_string_equal(read.public_key, made.public_key);
    assert_string_equal(read.secret_key, made.secret_key);
    assert_string_equal(read.broker_key, broker.public_key);
    assert_int_equal(identity_save(&made, file, NULL), BL_EXISTS);
}

static void an_identity_that_others_may_read_is_refused(void **state)
{
    struct identity made, read;

    (void)state;
    (void)unlink(file);
    assert_int_equal(identity_make("a", NULL, &made, NULL), BL_OK);
    assert_int_equal(identity_save(&made, file, NULL), BL_OK);
    assert_int_equal(chmod(file, 0640), 0);
    assert_int_equal(identity_load(file, &read, NULL), BL_DENIED);
}

struct file_case {
    const char *name;
    const char *text;
};

// clang-format off
static const struct file_case file_cases[] = {
    { "an empty file", "" },
    { "no secret", "name: a\npublic_key: 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7'\n" },
    { "a key that is too short", "name: a\npublic_key: 'x'\nsecret_key: 'x'\n" },
    { "an unknown key of the mapping",
      "name: a\nsecret: b\npublic_key: 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7'\n"
      "secret_key: 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7'\n" },
    { "letters that are not Z85", "name: a\n"
      "public_key: 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]y~~'\n"
      "secret_key: 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7'\n" },
};
// clang-format on

static void bad_file(void **state)
{
    const struct file_case *row = *state;
    struct identity read;
    FILE *out = fopen(file, "w");

    assert_non_null(out);
    (void)fputs(row->text, out);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(file, 0600), 0);
    assert_int_equal(identity_load(file, &read, NULL), BL_INVALID);
}

static void a_name_has_bounds(void **state)
{
    struct identity made;

    (void)state;
    assert_int_equal(identity_make("", NULL, &made, NULL), BL_INVALID);
    assert_int_equal(identity_make("a\"b", NULL, &made, NULL), BL_INVALID);
    assert_int_equal(identity_make("a\nb", NULL, &made, NULL), BL_INVALID);
    assert_int_equal(identity_make("a", "no key", &made, NULL), BL_INVALID);
}

static void a_missing_file_is_said_so(void **state)
{
    struct identity read;
    struct bl_error e = { 0 };

    (void)state;
    assert_int_equal(identity_load("/nowhere/at-all", &read, &e), BL_IO);
    assert_string_equal(e.source, "/nowhere/at-all");
}

#define ROWS(cases, function)                                                                      \
    for (size_t i = 0; i < BL_COUNT(cases); i++) {                                                 \
        tests[count++] = (struct CMUnitTest){ .name = (cases)[i].name,                             \
                                              .test_func = function,                               \
                                              .initial_state = (void *)(uintptr_t) & (cases)[i] }; \
    }

int main(void)
{
    static const struct CMUnitTest single[] = {
        cmocka_unit_test(fields_laid_end_to_end_are_one_message),
        cmocka_unit_test(a_frame_is_bounded),
        cmocka_unit_test(a_reader_sees_what_was_written),
        cmocka_unit_test(unpacking_checks_first),
        cmocka_unit_test(what_does_not_fit_the_arena_is_too_large),
        cmocka_unit_test(attempts_go_out_and_come_back),
        cmocka_unit_test(what_is_no_attempt_is_refused),
        cmocka_unit_test(an_identity_is_written_and_read),
        cmocka_unit_test(an_identity_that_others_may_read_is_refused),
        cmocka_unit_test(a_name_has_bounds),
        cmocka_unit_test(a_missing_file_is_said_so),
    };
    struct CMUnitTest tests[BL_COUNT(single) + BL_COUNT(number_cases) + BL_COUNT(broken_cases) +
                            BL_COUNT(endpoint_cases) + BL_COUNT(resolve_cases) +
                            BL_COUNT(file_cases)];
    size_t count = 0;

    for (; count < BL_COUNT(single); count++) {
        tests[count] = single[count];
    }
    ROWS(number_cases, number)
    ROWS(broken_cases, broken)
    ROWS(endpoint_cases, endpoint)
    ROWS(resolve_cases, resolve)
    ROWS(file_cases, bad_file)
    return _cmocka_run_group_tests("wire", tests, count, make_folder, remove_folder);
}
