/* secret.h - memory for keys: left out of core dumps, wiped when it is given back. Internal. */
#ifndef DPC_SECRET_H
#define DPC_SECRET_H

#include <stddef.h>

/* dpc__secret_alloc - zeroed, in pages of its own; NULL when memory is out. */
void *dpc__secret_alloc(size_t length);
/* dpc__secret_free - length as it was asked for; NULL is allowed. */
void dpc__secret_free(void *memory, size_t length);

#endif
