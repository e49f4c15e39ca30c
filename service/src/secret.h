/* secret.h - where keys come from. */
#ifndef DPD_SECRET_H
#define DPD_SECRET_H

#include <stdbool.h>

#include <difypool/error.h>

/* Each gives the key as text to be freed with dpd_secret_free, or NULL with err filled. No error
 * ever holds any part of a key. */

/* dpd_secret_file - a file that no stranger can read or write; its first line is the key. */
char *dpd_secret_file(const char *path, dp_error *err);
/* dpd_secret_env - an environment variable. */
char *dpd_secret_env(const char *name, dp_error *err);
/* dpd_secret_credential - a credential that systemd hands over (LoadCredential=). */
char *dpd_secret_credential(const char *name, dp_error *err);

/* dpd_secret_free - overwrite, then free; NULL is allowed. */
void dpd_secret_free(char *secret);

#endif
