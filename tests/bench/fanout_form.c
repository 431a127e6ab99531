#include "fanout_form.h"

#include <stdbool.h>

#include "base/check.h"
#include "google/protobuf/struct.pb-c.h"

static size_t add_field(uint8_t *form, const char *name, Google__Protobuf__Value *value)
{
    Google__Protobuf__Struct__FieldsEntry entry = GOOGLE__PROTOBUF__STRUCT__FIELDS_ENTRY__INIT;
    Google__Protobuf__Struct__FieldsEntry *entries[] = { &entry };
    Google__Protobuf__Struct message = GOOGLE__PROTOBUF__STRUCT__INIT;

    entry.key = (char *)name;
    entry.value = value;
    message.n_fields = 1;
    message.fields = entries;
    return google__protobuf__struct__pack(&message, form);
}

static size_t make_form(uint8_t *form)
{
    static const struct {
        const char *name, *text;
        double number;
        Google__Protobuf__Value__KindCase kind;
    } fields[] = {
#define T(name, text) { name, text, 0, GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE }
#define N(name, number)                                                                            \
    {                                                                                              \
        name, "", number, GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE                               \
    }
        T("company", "示范县老张餐饮管理有限公司"),
        T("credit_code", "91350100M000100Y43"),
        T("owner", "张三"),
        T("owner_id", "11010519491231002X"),
        T("phone", "13800000000"),
        T("address", "示范县城关镇人民路十八号二层东侧商铺"),
        T("scope", "餐饮服务；食品销售；外卖递送服务；会议及展览服务"),
        N("area", 128.5),
        N("seats", 40),
        T("opening", "2026-12-01"),
        { "gas", "", 1, GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE },
        T("remark", "无"),
    };
    size_t bytes = 0;

    for (size_t i = 0; i < BL_COUNT(fields); i++) {
        Google__Protobuf__Value value = GOOGLE__PROTOBUF__VALUE__INIT;

        value.kind_case = fields[i].kind;
        if (fields[i].kind == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE) {
            value.string_value = (char *)fields[i].text;
        } else if (fields[i].kind == GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE) {
            value.number_value = fields[i].number;
        } else {
            value.bool_value = true;
        }
        bytes += add_field(form + bytes, fields[i].name, &value);
    }
    return bytes;
}

void fanout_submit(Bl__Submit *submit)
{
    static uint8_t form[4096], packed[8192];
    Bl__Content content = BL__CONTENT__INIT;
    Bl__Applicant applicant = BL__APPLICANT__INIT;

    applicant.name = "张三";
    content.applicant = &applicant;
    content.form.data = form;
    content.form.len = make_form(form);
    bl__submit__init(submit);
    submit->workflow = "fanout5";
    submit->report_end = true;
    submit->content.data = packed;
    submit->content.len = bl__content__pack(&content, packed);
}
