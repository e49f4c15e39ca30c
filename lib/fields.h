/* fields.h - metadata fields of a knowledge base. Internal. */
#ifndef DP_FIELDS_H
#define DP_FIELDS_H

#include <jansson.h>

/* dp__field_named - of a list of fields the first of that name that is not built in; NULL = none. */
const json_t *dp__field_named(const json_t *list, const char *name);

#endif
