/* source.h - the content of a file that a call sends: in memory, on disk, or as a program gives it.
 * Internal. */
#ifndef DP_SOURCE_H
#define DP_SOURCE_H

#include <difypool/args.h>

/* Shared by an args object and the calls made of it; reference counted, any thread. */
typedef struct dp__source dp__source;

/* Each copies what it is given. *out is untouched on an error: DP_INVALID_REQUEST, DP_INTERNAL. */
dp_kind dp__source_of_bytes(const char *filename, const char *type, const void *bytes,
                            size_t length, dp__source **out);
dp_kind dp__source_of_path(const char *path, const char *filename, const char *type,
                           dp__source **out);
dp_kind dp__source_of_program(const dp_file_source *given, dp__source **out);

dp__source *dp__source_ref(dp__source *source);
/* dp__source_unref - the last one releases a program's source that no call has released. */
void dp__source_unref(dp__source *source);
/* dp__source_give_up - instead, where setting it failed: the program keeps its source, unreleased. */
void dp__source_give_up(dp__source *source);

const char *dp__source_filename(const dp__source *source);
const char *dp__source_type(const dp__source *source); /* NULL = by the name */
int64_t dp__source_length(const dp__source *source);   /* -1 = not known */
/* dp__source_bytes - the content, if it is in memory; else NULL. */
const char *dp__source_bytes(const dp__source *source);
/* dp__source_is_programs - whether its callbacks run, which is the program's thread's business. */
bool dp__source_is_programs(const dp__source *source);

/* dp__source_take - for one call. False: a program's source that another call has already. */
bool dp__source_take(dp__source *source);
/* dp__source_give_back - the call that took it was never started. */
void dp__source_give_back(dp__source *source);
/* dp__source_release - the call that took it has ended: the program may have it back. */
void dp__source_release(dp__source *source);

/* dp__source_can_rewind - whether it can be read once more from its first byte. */
bool dp__source_can_rewind(const dp__source *source);
/* dp__source_rewind - before it is read from the first byte again. */
bool dp__source_rewind(dp__source *source);
/* dp__source_read - as dp_file_source.read; at: how many bytes were read before. A file that cannot be
 * read is DP_FLOW_ABORT. */
dp_flow dp__source_read(dp__source *source, struct dp_call *call, uint64_t at, void *buffer,
                        size_t capacity, size_t *length);

#endif
