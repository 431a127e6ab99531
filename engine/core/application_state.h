/* application_state.h — what the files of the application share; nobody else includes it.
 * application.c has the tables: which command is decided where, which event is folded by what. A
 * topic is a file: application_intake.c (收件), _accept.c (受理), _refuse.c, _notify.c, _correct.c
 * (补正 容缺补齐), _commit.c (告知承诺), _leave.c (退件 撤回 终止), _review.c the work on an
 * accepted item. What is folded alone: application_evolve.c. What time alone makes:
 * application_wake.c. */
#pragma once

#include "core/application.h"
#include "core/question.h"
#include "core/routing.h"

/* What the command's own rules say, and nothing that goes with it. */
struct ruling application_try(const struct question *q);

struct ruling decide_submit(const struct question *q);
struct ruling decide_accept(const struct question *q);
struct ruling decide_refuse(const struct question *q);
struct ruling decide_notify(const struct question *q);
struct ruling decide_correct(const struct question *q);
struct ruling decide_return_papers(const struct question *q);
struct ruling decide_withdraw(const struct question *q);
struct ruling decide_supplement(const struct question *q);
struct ruling decide_check(const struct question *q);
struct ruling decide_decide(const struct question *q);
/* decide_decide, of an item at a desk. */
struct ruling decide_at_desk(const struct question *q, uint32_t item);
/* The event that decides an item, with all that follows from it. */
Bl__Event *review_decided(const struct question *q, uint32_t item, Bl__Item__Result result,
                          Bl__Desk *desk);
/* The event that hands an item to the organ above, when that one decides. */
Bl__Event *upward_pass(const struct question *q, uint32_t item, Bl__Desk *desk);
/* Is it to be passed up, and has not been? */
bool upward_is_below(const struct question *q, uint32_t item);
struct ruling decide_fail(const struct question *q);
struct ruling decide_retry(const struct question *q);
struct ruling decide_release(const struct question *q);
struct ruling decide_terminate(const struct question *q);
struct ruling decide_claim(const struct question *q);
struct ruling decide_unclaim(const struct question *q);
struct ruling decide_transfer(const struct question *q);
struct ruling decide_change_signers(const struct question *q);
struct ruling decide_send_back(const struct question *q);
struct ruling decide_recall(const struct question *q);
struct ruling decide_consult(const struct question *q);
struct ruling decide_opine(const struct question *q);
struct ruling decide_set_visit(const struct question *q);
struct ruling decide_end_visit(const struct question *q);
struct ruling decide_revoke(const struct question *q);
struct ruling decide_reopen(const struct question *q);
struct ruling decide_comment(const struct question *q);
struct ruling decide_suspend(const struct question *q);
struct ruling decide_resume(const struct question *q);
struct ruling decide_extend(const struct question *q);
struct ruling decide_deliver(const struct question *q);
/* application_notice.c */
struct ruling decide_send_notice(const struct question *q);
struct ruling decide_fail_notice(const struct question *q);
struct ruling decide_retry_notice(const struct question *q, uint32_t number);
void evolve_notice_sent(Bl__Application *application, const Bl__Event *event,
                        struct bl_arena *arena);
void evolve_notice_failed(Bl__Application *application, const Bl__Event *event,
                          struct bl_arena *arena);
void evolve_retried_notice(Bl__Application *application, uint32_t number);

void evolve_submitted(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_accepted(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_refused(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_notified(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_corrected(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_returned(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_withdrawn(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_supplemented(Bl__Application *application, const Bl__Event *event,
                         struct bl_arena *arena);
void evolve_checked(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_opened(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_decided(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_step_signed(Bl__Application *application, const Bl__Event *event,
                        struct bl_arena *arena);
void evolve_claimed(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_unclaimed(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_transferred(Bl__Application *application, const Bl__Event *event,
                        struct bl_arena *arena);
void evolve_signers_changed(Bl__Application *application, const Bl__Event *event,
                            struct bl_arena *arena);
void evolve_sent_back(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_recalled(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_consulted(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_opined(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_passed_up(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_visit_set(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_visit_ended(Bl__Application *application, const Bl__Event *event,
                        struct bl_arena *arena);
void evolve_revoked(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_reopened(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_commented(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_warned(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_overdue(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_failed(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_retried(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_released(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_terminated(Bl__Application *application, const Bl__Event *event,
                       struct bl_arena *arena);
struct ruling decide_arrange_hearing(const struct question *q);
void evolve_hearing_arranged(Bl__Application *application, const Bl__Event *event,
                             struct bl_arena *arena);
void evolve_suspended(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_resumed(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_extended(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_delivered(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_escalated(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_recomputed(Bl__Application *application, const Bl__Event *event,
                       struct bl_arena *arena);

/* What silence does: for the table of application_wake.c. The question has no command, and its
 * moment is the due moment. */
void follow_limit(const struct question *q, Bl__Overdue *overdue);
void follow_opinion(const struct question *q, Bl__Overdue *overdue);
/* Folds the consent of a department that was asked and said nothing. */
void escalate_consent(Bl__Item *item, uint32_t number, bl_time at);
/* The next rung of the ladder, of the item or the whole, at the question's moment. One that wants a
 * reply opens an urging (domain.md 5.2). */
Bl__Event *escalate_wake(const struct question *q, bool whole, uint32_t index);

/* When the rung after the one that is reached is climbed; 0: none. */
bl_time escalate_next(const struct world *world, const Bl__Item *item);
bl_time escalate_next_whole(const struct world *world, const Bl__Application *application);

/* After each event on an application that has ended: is all that was granted with the applicant? An
 * electronic licence is, as soon as it is granted. */
void deliver_settle(Bl__Application *application, bl_time at);

/* application_hearing.c */
extern const struct limit hearing_ask, hearing_hold;
/* A stop begins: of kind `hearing`, the applicant may ask from now on. */
void hearing_tell(const struct question *q, Bl__Stop *stop);
/* When it is void because nobody has asked; BL_NEVER. */
bl_time hearing_lapses(const Bl__Stop *stop);

/* When a stop of the item ends by itself, at its cap or with the item, and which one: BL_NEVER and
 * nothing where none is open. */
bl_time suspend_next(const Bl__Item *item, uint32_t *number);
/* That stop ends, at the question's moment. */
Bl__Event *suspend_wake(const struct question *q, uint32_t index, uint32_t number);

/* The first act of an officer: from then on it is reviewed. */
void desk_first_act(Bl__Item *item, bl_time at);

/* What follows by silence from a clock; the question has no command and stands at its due moment.
 */
void follow_notify(const struct question *q, Bl__Overdue *overdue);
void follow_correction(const struct question *q, Bl__Overdue *overdue);
void follow_supplement(const struct question *q, Bl__Overdue *overdue);

/* The day has come that an item waits for. */
Bl__Event *application_open(const struct question *q, uint32_t index);

/* Of a submission, and of a corrected one: the days before which items may not start; which
 * materials are needed by items that apply; why a condition has no value; which items the applicant
 * may have on a promise; which deferrable materials are to come later (or, with `absent_too`, are
 * not there). */
void application_wait_for_days(struct routing *routing, const Bl__Application *application,
                               const struct form_value *values);
/* A draft with the days as these changes have them, for the clocks of the whole. */
Bl__Application *application_waiting(const struct routing *routing, Bl__ItemChange *const *changes,
                                     size_t count);
void application_needed_materials(const struct routing *routing, bool *needed);
Bl__Refusal *application_condition_error(struct routing *routing,
                                         const struct definition_item *item,
                                         const struct bl_error *e);
Bl__Refusal *application_commit(struct routing *routing, const Bl__Submit *submit);
void application_tolerate(struct routing *routing, uint32_t index, const Bl__Content *content,
                          bool absent_too);

/* application_migrate.c */
struct ruling decide_migrate(const struct question *q);
void evolve_migrated(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);

/* application_urge.c */
struct ruling decide_urge(const struct question *q);
struct ruling decide_reply(const struct question *q);
void evolve_urged(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
void evolve_replied(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena);
/* An urging of the next number, to be answered within `limit` of the question's moment; whom it is
 * meant for the caller adds. */
Bl__Urging *urging_new(const struct question *q, struct limit limit);
/* Folds a new one. */
void urge_open(Bl__Application *application, const Bl__Urging *from, struct bl_arena *arena);
/* After each event: what was pressed for may have come. */
void urge_settle(Bl__Application *application);
/* When an urging is unanswered, and the event of that moment. */
bl_time urge_next(const Bl__Application *application);
Bl__Event *urge_wake(const struct world *world, const Bl__Application *application,
                     struct bl_arena *arena);

/* As in aggregate.h. */
bl_time application_next(const void *state);
Bl__Event *application_wake(const struct world *world, const void *state, struct bl_arena *arena);
