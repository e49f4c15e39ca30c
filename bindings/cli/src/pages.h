/* pages.h - where pages come from: files and directories, or JSON lines on standard input. */
#ifndef CLI_PAGES_H
#define CLI_PAGES_H

#include "cli.h"

typedef struct cli_pages cli_pages;

/* cli_pages_open - of these paths, or of "-". metadata: of every page; read during the life of it.
 * NULL after it said why, with the exit status in *status. */
cli_pages *cli_pages_open(int count, char **paths, const dpc_args *metadata, int *status);
void cli_pages_close(cli_pages *pages);

typedef enum cli_pages_state { CLI_PAGES_ONE, CLI_PAGES_WAIT, CLI_PAGES_END } cli_pages_state;

/* cli_pages_next - the next page, to be freed with dpc_args_free; WAIT: there is none yet, poll
 * cli_pages_fd and call cli_pages_read. What cannot be read or understood is a page, too: one
 * without a text, which the service fails, so that nothing is pruned for want of it; *flaw then
 * says why, to be freed. size: about how many bytes the page has. */
cli_pages_state cli_pages_next(cli_pages *pages, dpc_args **page, char **flaw, size_t *size);

/* cli_pages_read - read on from standard input, where it has something. */
void cli_pages_read(cli_pages *pages);
int cli_pages_fd(const cli_pages *pages);          /* -1 = nothing to poll */
size_t cli_pages_total(const cli_pages *pages);    /* 0 = not known */
size_t cli_pages_left_out(const cli_pages *pages); /* files of kinds that are no pages */

typedef enum cli_page_kind { CLI_PAGE_NONE, CLI_PAGE_TEXT, CLI_PAGE_FILE } cli_page_kind;
/* cli_page_kind_of - how a file of that name becomes a page. Pure. */
cli_page_kind cli_page_kind_of(const char *name);

/* cli_page_of_line - a page of one JSON object; *flaw as above. NULL: memory is out. Pure. */
dpc_args *cli_page_of_line(const char *line, size_t length, uint64_t number,
                           const dpc_args *metadata, char **flaw);

#endif
