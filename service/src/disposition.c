/*
 * Why here and not in every binding: a download's name comes from a stranger, in two spellings (RFC
 * 6266: filename, and filename* with its own charset and escapes), and programs will open files
 * by it. So one place decodes it and takes from it whatever could lead out of a directory.
 */
#include "disposition.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "utf8.h"

typedef struct reader {
  const char *at;
} reader;

static void skip_blanks(reader *r) {
  r->at += strspn(r->at, " \t");
}

/* A token, or a quoted string without its quotes and escapes. */
static void read_value(reader *r, char *out, size_t size) {
  size_t length = 0;
  bool quoted = *r->at == '"';
  r->at += quoted;
  while (*r->at != '\0' && (quoted ? *r->at != '"' : strchr("; \t", *r->at) == NULL)) {
    if (quoted && *r->at == '\\' && r->at[1] != '\0') {
      r->at++;
    }
    if (length + 1 < size) {
      out[length++] = *r->at;
    }
    r->at++;
  }
  r->at += quoted && *r->at == '"';
  out[length] = '\0';
}

/* The next "; name=value". False: there is none. */
static bool next_parameter(reader *r, char *name, size_t name_size, char *value,
                           size_t value_size) {
  r->at += strcspn(r->at, ";");
  if (*r->at != ';') {
    return false;
  }
  r->at++;
  skip_blanks(r);
  size_t length = strcspn(r->at, "=; \t");
  size_t kept = length < name_size ? length : name_size - 1;
  memcpy(name, r->at, kept);
  name[kept] = '\0';
  r->at += length;
  skip_blanks(r);
  value[0] = '\0';
  if (*r->at == '=') {
    r->at++;
    skip_blanks(r);
    read_value(r, value, value_size);
  }
  return true;
}

static int hex(char c) {
  const char *digits = "0123456789abcdef";
  const char *found = c == '\0' ? NULL : strchr(digits, c | 0x20);
  return found == NULL ? -1 : (int)(found - digits);
}

static void unescape(char *text) {
  char *to = text;
  for (const char *from = text; *from != '\0'; from++) {
    if (*from == '%' && hex(from[1]) >= 0 && hex(from[2]) >= 0) {
      *to++ = (char)(hex(from[1]) * 16 + hex(from[2]));
      from += 2;
    } else {
      *to++ = *from;
    }
  }
  *to = '\0';
}

/* Each byte above 0x7f is the character of that number. */
static void widen_latin1(const char *from, char *to, size_t size) {
  size_t length = 0;
  for (; *from != '\0' && length + 3 <= size; from++) {
    unsigned char c = (unsigned char)*from;
    if (c < 0x80) {
      to[length++] = (char)c;
    } else {
      to[length++] = (char)(0xc0 | (c >> 6));
      to[length++] = (char)(0x80 | (c & 0x3f));
    }
  }
  to[length] = '\0';
}

/* What a stranger may not decide: directories, control characters, "." and "..". */
static void make_harmless(const char *text, char name[DPD_FILE_NAME_SIZE]) {
  for (const char *p = text; *p != '\0'; p++) {
    if (*p == '/' || *p == '\\') {
      text = p + 1;
    }
  }
  size_t length = 0;
  for (; *text != '\0' && length + 1 < DPD_FILE_NAME_SIZE; text++) {
    unsigned char c = (unsigned char)*text;
    if (c >= 0x20 && c != 0x7f) {
      name[length++] = (char)c;
    }
  }
  while (length > 0 && !dpd_utf8_valid(name, length)) {
    length--; /* it was cut within a character */
  }
  name[length] = '\0';
  if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
    name[0] = '\0';
  }
}

/* charset'language'escaped */
static bool take_extended(char *value, char name[DPD_FILE_NAME_SIZE]) {
  char wide[2 * 4096];
  char *language = strchr(value, '\'');
  char *text = language == NULL ? NULL : strchr(language + 1, '\'');
  if (text == NULL) {
    return false;
  }
  *language = '\0';
  unescape(++text);
  if (strcasecmp(value, "iso-8859-1") == 0) {
    widen_latin1(text, wide, sizeof(wide));
    text = wide;
  } else if (strcasecmp(value, "utf-8") != 0 || !dpd_utf8_valid(text, strlen(text))) {
    return false;
  }
  char harmless[DPD_FILE_NAME_SIZE];
  make_harmless(text, harmless);
  if (harmless[0] != '\0') {
    memcpy(name, harmless, sizeof(harmless));
  }
  return harmless[0] != '\0';
}

void dpd_disposition_name(const char *header, char name[DPD_FILE_NAME_SIZE]) {
  reader r = {.at = header};
  char key[32];
  char value[4096]; /* 255 characters, escaped, and more */
  char wide[2 * sizeof(value)];
  name[0] = '\0';
  while (next_parameter(&r, key, sizeof(key), value, sizeof(value))) {
    if (strcasecmp(key, "filename*") == 0 && take_extended(value, name)) {
      return; /* it goes before the plain one, wherever it stands */
    }
    if (strcasecmp(key, "filename") == 0 && name[0] == '\0') {
      bool utf8 = dpd_utf8_valid(value, strlen(value));
      widen_latin1(value, wide, sizeof(wide));
      make_harmless(utf8 ? value : wide, name);
    }
  }
}
