/* args.h - how a call reads its arguments. Internal. */
#ifndef DPC_ARGS_H
#define DPC_ARGS_H

#include <difypool-client/client.h>

#include "bytes.h"

/* dpc__args_count_of - 0 for NULL. dpc__args_put - append all as "name, value" pairs. */
size_t dpc__args_count_of(const dpc_args *args);
void dpc__args_put(const dpc_args *args, dpc__bytes *out);
/* dpc__args_set_packed - a value that is msgpack already; it is taken over, whatever comes of it. */
dpc_kind dpc__args_set_packed(dpc_args *args, const char *name, dpc__bytes *value);
/* dpc__args_is_text - whether name is set to that text, in upper or lower case. args may be NULL. */
bool dpc__args_is_text(const dpc_args *args, const char *name, const char *text);

#endif
