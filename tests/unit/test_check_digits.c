/* Identity numbers, credit codes, telephones, e-mail addresses: what is right, and what is wrong
 * with the others. All are made up or stand in the standards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
// cmocka wants the above first
#include <cmocka.h>

#include "definition/check_digits.h"

struct digits_case {
    const char *text;
    enum digits_fault fault;
};

// clang-format off
static const struct digits_case cn_id_cases[] = {
    { "11010519491231002X", DIGITS_OK },         // GB 11643-1999, 附录 A
    { "440524188001010014", DIGITS_OK },         // the same
    { "11010519491231002x", DIGITS_OK },
    { "110105194912310021", DIGITS_CHECK },
    { "11010519491213002X", DIGITS_CHECK },      // two digits changed places
    { "11010519491231020X", DIGITS_CHECK },
    { "", DIGITS_LENGTH },
    { "110105491231002", DIGITS_LENGTH },        // the old 15 digits
    { "11010519491231002X0", DIGITS_LENGTH },
    { "1101051949123100 X", DIGITS_CHARACTER },
    { "X1010519491231002X", DIGITS_CHARACTER },
    { "11010519491231002Y", DIGITS_CHARACTER },
    { "１101051949123100", DIGITS_CHARACTER },    // a wide digit takes three bytes
    { "00010519491231002X", DIGITS_REGION },
    { "16010519491231002X", DIGITS_REGION },
    { "99010519491231002X", DIGITS_REGION },
    { "110105194913310026", DIGITS_DATE },
    { "110105194902290026", DIGITS_DATE },       // no leap year
    { "110105000001010026", DIGITS_DATE },
    { "110105179912310026", DIGITS_DATE },
    { "110105202611240026", DIGITS_DATE },       // tomorrow
    { "110105202611230023", DIGITS_OK },         // today
    { "110105200002290021", DIGITS_OK },
    { "810000199408230021", DIGITS_OK },         // residence permit, Hong Kong
    { "830000199201300022", DIGITS_OK },         // residence permit, Taiwan
    { "911156198103160015", DIGITS_OK },         // permanent residence card, Beijing
};

static const struct digits_case uscc_cases[] = {
    { "91350100M000100Y43", DIGITS_OK },         // GB 32100-2015, 附录 A
    { "91350100M000100Y44", DIGITS_CHECK },
    { "91350100M00010Y043", DIGITS_CHECK },      // two characters changed places
    { "19350100M000100Y43", DIGITS_CHECK },
    { "91350100m000100y43", DIGITS_CHARACTER },
    { "91350100I000100Y43", DIGITS_CHARACTER },
    { "91350100O000100Y43", DIGITS_CHARACTER },
    { "91350100S000100Y43", DIGITS_CHARACTER },
    { "91350100V000100Y43", DIGITS_CHARACTER },
    { "91350100Z000100Y43", DIGITS_CHARACTER },
    { "91350A00M000100Y43", DIGITS_CHARACTER },  // a region has digits only
    { "91350100M000100Y4", DIGITS_LENGTH },
    { "91350100M000100Y430", DIGITS_LENGTH },
    { "9135010 M000100Y43", DIGITS_CHARACTER },
    { "", DIGITS_LENGTH },
};

static const struct digits_case phone_cases[] = {
    { "13800000000", DIGITS_OK },
    { "19912345678", DIGITS_OK },
    { "138 0000 0000", DIGITS_OK },
    { "138-0000-0000", DIGITS_OK },
    { "+8613800000000", DIGITS_OK },
    { "+86 138 0000 0000", DIGITS_OK },
    { "0086-13800000000", DIGITS_OK },
    { "010-12345678", DIGITS_CHARACTER },        // no subscriber's number begins with 1
    { "010-82345678", DIGITS_OK },
    { "01082345678", DIGITS_OK },
    { "0755 82345678", DIGITS_OK },
    { "0596-2345678", DIGITS_OK },
    { "0755-82345678-123", DIGITS_OK },
    { "010-82345678-8001", DIGITS_OK },
    { "+86-755-82345678", DIGITS_OK },
    { "400-800-1234", DIGITS_OK },
    { "8008101234", DIGITS_OK },
    { "12345", DIGITS_LENGTH },
    { "1380000000", DIGITS_LENGTH },
    { "138000000000", DIGITS_LENGTH },
    { "12800000000", DIGITS_CHARACTER },
    { "010-823456789012", DIGITS_LENGTH },
    { "82345678", DIGITS_LENGTH },               // where is it?
    { "138--00000000", DIGITS_CHARACTER },
    { "-13800000000", DIGITS_CHARACTER },
    { "13800000000-", DIGITS_CHARACTER },
    { "1380000000a", DIGITS_CHARACTER },
    { "１3800000000", DIGITS_CHARACTER },
    { "+85213800000000", DIGITS_CHARACTER },
    { "", DIGITS_LENGTH },
    { "+86", DIGITS_CHARACTER },
    { "138000000000000000000000000000000", DIGITS_LENGTH },
};

static const struct digits_case email_cases[] = {
    { "a@b.cn", DIGITS_OK },
    { "zhang.san+hall@mail.example.gov.cn", DIGITS_OK },
    { "o'brien_1@example-1.com", DIGITS_OK },
    { "张三@例子.公司", DIGITS_OK },
    { "a@b", DIGITS_CHARACTER },
    { "a.b.cn", DIGITS_CHARACTER },
    { "@b.cn", DIGITS_LENGTH },
    { "a@", DIGITS_LENGTH },
    { "a@b..cn", DIGITS_LENGTH },
    { "a@.cn", DIGITS_LENGTH },
    { "a@b.cn.", DIGITS_LENGTH },
    { "a@-b.cn", DIGITS_CHARACTER },
    { "a@b-.cn", DIGITS_CHARACTER },
    { "a@b_c.cn", DIGITS_CHARACTER },
    { "a@127.0.0.1", DIGITS_CHARACTER },
    { "a@[127.0.0.1]", DIGITS_CHARACTER },
    { "a b@c.cn", DIGITS_CHARACTER },
    { "a@b@c.cn", DIGITS_CHARACTER },
    { ".a@b.cn", DIGITS_CHARACTER },
    { "a.@b.cn", DIGITS_CHARACTER },
    { "a..b@c.cn", DIGITS_CHARACTER },
    { "\"a\"@b.cn", DIGITS_CHARACTER },
    { "a@b.cn\n", DIGITS_CHARACTER },
    { "1234567890123456789012345678901234567890123456789012345678901234@b.cn", DIGITS_OK },
    { "12345678901234567890123456789012345678901234567890123456789012345@b.cn", DIGITS_LENGTH },
    { "a@1234567890123456789012345678901234567890123456789012345678901234.cn", DIGITS_LENGTH },
    { "", DIGITS_LENGTH },
};
// clang-format on

static void test_cn_id(void **state)
{
    const struct digits_case *row = *state;
    bl_day today = bl_day_of((struct bl_date){ 2026, 11, 23 });

    assert_string_equal(digits_fault_name(digits_check_cn_id(bl_text_of(row->text), today)),
                        digits_fault_name(row->fault));
}

static void test_uscc(void **state)
{
    const struct digits_case *row = *state;

    assert_string_equal(digits_fault_name(digits_check_uscc(bl_text_of(row->text))),
                        digits_fault_name(row->fault));
}

static void test_phone(void **state)
{
    const struct digits_case *row = *state;

    assert_string_equal(digits_fault_name(digits_check_phone(bl_text_of(row->text))),
                        digits_fault_name(row->fault));
}

static void test_email(void **state)
{
    const struct digits_case *row = *state;

    assert_string_equal(digits_fault_name(digits_check_email(bl_text_of(row->text))),
                        digits_fault_name(row->fault));
}

/* A check digit is there to find every single slip. */
static void test_each_slip_is_found(void **state)
{
    static const char right[] = "91350100M000100Y43";
    static const char characters[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

    (void)state;
    for (size_t i = 0; i < strlen(right); i++) {
        for (const char *c = characters; *c != '\0'; c++) {
            char wrong[sizeof right];
            memcpy(wrong, right, sizeof right);
            wrong[i] = *c;
            assert_int_equal(digits_check_uscc(bl_text_of(wrong)) == DIGITS_OK, *c == right[i]);
        }
    }
}

static struct CMUnitTest tests[BL_COUNT(cn_id_cases) + BL_COUNT(uscc_cases) +
                               BL_COUNT(phone_cases) + BL_COUNT(email_cases) + 1];
static size_t test_count;

static void add_table(const struct digits_case *rows, size_t count, CMUnitTestFunction test)
{
    for (size_t i = 0; i < count; i++) {
        tests[test_count++] = (struct CMUnitTest){ .name = rows[i].text,
                                                   .test_func = test,
                                                   .initial_state = (void *)(uintptr_t)&rows[i] };
    }
}

int main(void)
{
    add_table(cn_id_cases, BL_COUNT(cn_id_cases), test_cn_id);
    add_table(uscc_cases, BL_COUNT(uscc_cases), test_uscc);
    add_table(phone_cases, BL_COUNT(phone_cases), test_phone);
    add_table(email_cases, BL_COUNT(email_cases), test_email);
    tests[test_count++] = (struct CMUnitTest)cmocka_unit_test(test_each_slip_is_found);
    return _cmocka_run_group_tests("check_digits", tests, test_count, NULL, NULL);
}
