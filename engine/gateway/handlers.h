/* handlers.h — the handlers that the table of routes names, one file each subject. */
#pragma once

#include "gateway/request.h"

/* read.c, write.c: whatever Query and Command have. */
void read_query(struct request *request);
void find_applications(struct request *request);
void write_command(struct request *request);
/* batch.c */
void batch_tasks(struct request *request);
void urge_applications(struct request *request);
/* workflow.c */
void workflow_definition(struct request *request);
void workflow_form(struct request *request);
void workflow_graph(struct request *request);
void workflow_bpmn(struct request *request);
void workflow_validate(struct request *request);
void workflow_simulate(struct request *request);
void application_graph(struct request *request);
/* agenda.c */
void tasks_agenda(struct request *request);
void applications_agenda(struct request *request);
/* calendar.c */
void calendar_year(struct request *request);
/* evaluate.c */
void workflow_evaluate(struct request *request);
/* draft.c */
void list_drafts(struct request *request);
void show_draft(struct request *request);
void save_draft(struct request *request);
void remove_draft(struct request *request);
/* document.c */
void list_documents(struct request *request);
void show_document(struct request *request);
/* public.c */
void public_progress(struct request *request);
/* login.c */
void log_in(struct request *request);
void log_out(struct request *request);
void show_session(struct request *request);
void list_accounts(struct request *request);
void make_account(struct request *request);
void change_account(struct request *request);
void remove_account(struct request *request);
void set_password(struct request *request);
void list_tokens(struct request *request);
void make_token(struct request *request);
void remove_token(struct request *request);
/* operation.c */
void show_livez(struct request *request);
void show_readyz(struct request *request);
void show_version(struct request *request);
void show_metrics(struct request *request);
void show_openapi(struct request *request);
/* stream.c */
void open_stream(struct request *request);
/* pages.c */
void show_home(struct request *request);
void show_page_file(struct request *request);
