/* pieces.h - answers that come in pieces, while Ctrl-C is listened for. */
#ifndef CLI_PIECES_H
#define CLI_PIECES_H

#include <difypool-client/flows.h>

#include "cli.h"

/* What is done with a piece; false = it cannot be written: the stream is ended. */
typedef bool (*cli_piece_fn)(const dpc_piece *piece, void *user);

/* cli_stream_open - NULL after it said why, with the exit status in *status. */
dpc_stream *cli_stream_open(const cli *c, cli_session *session, const char *operation,
                            const dpc_args *args, int *status);

/* cli_stream_read - every piece until the end; batch (may be NULL) behind those that came together.
 * An exit status, after it said what went wrong. Ctrl-C ends the stream, and stops its run at the
 * server. Frees the stream. */
int cli_stream_read(const cli *c, cli_session *session, dpc_stream *stream, cli_piece_fn piece,
                    bool (*batch)(void *user), void *user);

#endif
