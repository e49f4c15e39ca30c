/* carry.h - calls whose file or answer does not go in one message. */
#ifndef CLI_CARRY_H
#define CLI_CARRY_H

#include "argspec.h"
#include "cli.h"

/* cli_is_binary - the answer is a file. cli_takes_file - the argument is one. Pure; a test holds
 * both against the table. */
bool cli_is_binary(const char *operation);
bool cli_takes_file(const char *operation, const char *param);

/* A file that is too large for an argument, or whose size nobody knows. */
typedef struct cli_upload {
  const char *path; /* NULL = there is none */
  char param[128];
  int fd;
  int64_t length; /* -1 = not known */
} cli_upload;

/* cli_upload_set - NAME@FILE of a file: a small one becomes an argument. 0, or an exit status. */
int cli_upload_set(cli_upload *upload, dpc_args *args, const cli_argspec *spec);
void cli_upload_clear(cli_upload *upload);

/* cli_carry_file - the call with its file, in pieces. The reply is the session's; NULL after it
 * said why, with the exit status returned. */
int cli_carry_file(const cli *c, cli_session *session, const dpc_args *args,
                   const cli_upload *upload, const dpc_reply **reply);

/* cli_carry_pieces - the answer in pieces to standard output: a file's bytes, or events, one a
 * line. *whole: it ended well. An exit status. */
int cli_carry_pieces(const cli *c, cli_session *session, const dpc_args *args, bool *whole);

#endif
