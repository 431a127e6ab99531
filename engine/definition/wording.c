#include "definition/wording.h"

const char *wording_text(const Bl__Text *text, enum language language)
{
    if (text == NULL) {
        return "";
    }
    if (language == LANGUAGE_EN) {
        return text->en[0] != '\0' ? text->en : text->zh;
    }
    return text->zh[0] != '\0' ? text->zh : text->en;
}

char *wording_limit(struct limit limit, enum language language, char *text)
{
    static const struct words units[] = {
        [LIMIT_WD] = { "个工作日", "working day" },
        [LIMIT_ND] = { "天", "day" },
        [LIMIT_WH] = { "个工作小时", "working hour" },
        [LIMIT_NH] = { "小时", "hour" },
    };

    if (limit.halves == 0) {
        text[0] = '\0';
        return text;
    }
    (void)snprintf(text, WORDING_LIMIT, "%d%s %s%s", limit.halves / 2,
                   limit.halves % 2 == 1 ? ".5" : "", words_in(units[limit.unit], language),
                   language == LANGUAGE_EN && limit.halves != 2 ? "s" : "");
    return text;
}

char *wording_days(int32_t days, enum language language, char *text)
{
    (void)snprintf(text, WORDING_LIMIT, "%d %s%s", days,
                   language == LANGUAGE_ZH ? "个工作日" : "working day",
                   language == LANGUAGE_EN && days != 1 ? "s" : "");
    return text;
}
