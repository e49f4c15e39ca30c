/* disposition.h - the file name that an answer's Content-Disposition tells. Pure. */
#ifndef DPD_DISPOSITION_H
#define DPD_DISPOSITION_H

#include <stddef.h>

enum { DPD_FILE_NAME_SIZE = 256 };

/* dpd_disposition_name - "attachment; filename*=UTF-8''a%20b.md" → "a b.md", as UTF-8, without any
 * directory, cut at whole characters; "" where none is told, or only what is no name. */
void dpd_disposition_name(const char *header, char name[DPD_FILE_NAME_SIZE]);

#endif
