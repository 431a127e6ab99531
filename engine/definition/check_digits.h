/* check_digits.h — is it written as an identity number, a credit code, a telephone number, an
 * e-mail address is? Pure questions about a text, for the fields `cn_id`, `uscc`, `phone` and
 * `email` of a form; whether such a person or number exists is for the departments to say.
 *
 * Each answers with what is wrong, so that the clerk hears more than "invalid". Nothing here keeps
 * or prints the text: it is personal. Each looks at the text once and takes no memory; a text
 * longer than any right one is refused before it is looked at. */
#pragma once

#include "base/text.h"
#include "base/time.h"

enum digits_fault {
    DIGITS_OK,
    DIGITS_LENGTH,     // too short or too long
    DIGITS_CHARACTER,  // a character that cannot stand at its place
    DIGITS_REGION,     // no such province
    DIGITS_DATE,       // no such day, or one that is still to come
    DIGITS_CHECK,      // the check digit does not fit the others: a slip of the pen
};

/* A stable name for messages: "ok", "length", "character", "region", "date", "check-digit". */
const char *digits_fault_name(enum digits_fault fault);

/* A resident's identity number, 公民身份号码, GB 11643-1999: 6 digits of region, 8 of birth, 3 of
 * order, 1 check digit, 0–9 or X. A small x is accepted, for keyboards give it and the number is
 * the same one; who compares numbers must not tell the two apart. 15-digit numbers are void since
 * 2013-01-01 and refused by their length. The residence permits of Hong Kong, Macao and Taiwan
 * residents (81, 82, 83) are numbered alike, and so are foreigners' permanent residence cards: 9,
 * then the province.
 *   today  the latest day of birth; one before 1800 is no date either */
enum digits_fault digits_check_cn_id(struct bl_text text, bl_day today);

/* A unified social credit code, 统一社会信用代码, GB 32100-2015: 18 digits and capitals without
 * I, O, S, V, Z: 1 for the authority, 1 for the kind, 6 digits of region, 9 of the body's own
 * code, 1 check character. Small letters are refused: the code is printed in capitals and compared
 * by bytes. */
enum digits_fault digits_check_uscc(struct bl_text text);

/* A telephone number of the mainland: a mobile (1[3-9] and 9 digits), a landline with its area
 * code (010-12345678, 0755 12345678-123), or a service number (400/800, 10 digits); +86 or 0086
 * may stand before. Single spaces and hyphens may stand between digits, an extension of a landline
 * behind a last hyphen. */
enum digits_fault digits_check_phone(struct bl_text text);

/* An e-mail address that a person has: local@domain.tld, RFC 5321 lengths, no quoted local part,
 * no address literal, a domain of at least two labels. Characters beyond ASCII may stand in either
 * part (RFC 6531). */
enum digits_fault digits_check_email(struct bl_text text);
