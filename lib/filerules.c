/*
 * What Dify takes, so that a mistake is told before a byte is sent; the server's own words for it are
 * often none ("400, empty message").
 *
 * Sources: Dify's api/constants/__init__.py (extensions by kind), its default configuration (sizes:
 * documents 15 MB, images 10, audio 50, video 100; speech to text 30), and exchanges recorded from a 1.12.1
 * server (which characters a name may not hold, which media types speech to text takes, how a long
 * name is cut). Where servers can be set up to take more, the larger set stands here: what a table
 * refuses wrongly nobody can send. Operators who raised a size send with validation off.
 */
#include "filerules.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "errors.h"
#include "utf8.h"

#define MB ((int64_t)1 << 20)

typedef enum file_kind { DOCUMENT, IMAGE, AUDIO, VIDEO } file_kind;

typedef struct known_type {
  const char *extension, *type;
  file_kind kind;
  bool indexed; /* a document can be made of it */
} known_type;

static const known_type known[] = {
    {"txt", "text/plain", DOCUMENT, true},
    {"md", "text/markdown", DOCUMENT, true},
    {"markdown", "text/markdown", DOCUMENT, true},
    {"mdx", "text/markdown", DOCUMENT, true},
    {"html", "text/html", DOCUMENT, true},
    {"htm", "text/html", DOCUMENT, true},
    {"csv", "text/csv", DOCUMENT, true},
    {"vtt", "text/vtt", DOCUMENT, true},
    {"properties", "text/plain", DOCUMENT, true},
    {"pdf", "application/pdf", DOCUMENT, true},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", DOCUMENT, true},
    {"xls", "application/vnd.ms-excel", DOCUMENT, true},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", DOCUMENT,
     true},
    {"doc", "application/msword", DOCUMENT, true},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation", DOCUMENT,
     true},
    {"ppt", "application/vnd.ms-powerpoint", DOCUMENT, true},
    {"eml", "message/rfc822", DOCUMENT, true},
    {"msg", "application/vnd.ms-outlook", DOCUMENT, true},
    {"xml", "application/xml", DOCUMENT, true},
    {"epub", "application/epub+zip", DOCUMENT, true},
    {"json", "application/json", DOCUMENT, false},
    {"zip", "application/zip", DOCUMENT, false},
    {"jpg", "image/jpeg", IMAGE, false},
    {"jpeg", "image/jpeg", IMAGE, false},
    {"png", "image/png", IMAGE, false},
    {"webp", "image/webp", IMAGE, false},
    {"gif", "image/gif", IMAGE, false},
    {"svg", "image/svg+xml", IMAGE, false},
    {"mp3", "audio/mp3", AUDIO, false}, /* not audio/mpeg, which Dify refuses */
    {"m4a", "audio/m4a", AUDIO, false},
    {"wav", "audio/wav", AUDIO, false},
    {"amr", "audio/amr", AUDIO, false},
    {"mpga", "audio/mpga", AUDIO, false},
    {"mp4", "video/mp4", VIDEO, false},
    {"mov", "video/quicktime", VIDEO, false},
    {"mpeg", "video/mpeg", VIDEO, false},
    {"webm", "video/webm", VIDEO, false},
};

enum { KNOWN = sizeof known / sizeof *known };

static const char *extension_of(const char *filename) {
  const char *dot = strrchr(filename, '.');
  return dot && dot != filename ? dot + 1 : "";
}

static const known_type *find(const char *filename) {
  const char *extension = extension_of(filename);
  for (size_t i = 0; i < KNOWN; i++)
    if (strcasecmp(known[i].extension, extension) == 0)
      return &known[i];
  return NULL;
}

const char *dp__file_type(const char *filename) {
  const known_type *type = find(filename);
  return type ? type->type : "application/octet-stream";
}

/* --- rules by operation ------------------------------------------------------------------------ */

static bool makes_document(dp_op op) {
  return op == DP_OP_DOCUMENTS_CREATE_BY_FILE || op == DP_OP_DOCUMENTS_UPDATE_BY_FILE ||
         op == DP_OP_DOCUMENTS_UPDATE;
}

static bool goes_by_kind(dp_op op) {
  return op == DP_OP_FILES_UPLOAD || op == DP_OP_PIPELINES_UPLOAD_FILE;
}

int64_t dp__file_bound(const dp__op_desc *desc, const dp__param_desc *param, const char *filename,
                       const char **name) {
  static const struct {
    const char *name;
    int64_t bytes;
  } bounds[] = {[DOCUMENT] = {"document_size", 15 * MB},
                [IMAGE] = {"image_size", 10 * MB},
                [AUDIO] = {"audio_size", 50 * MB},
                [VIDEO] = {"video_size", 100 * MB}};
  *name = makes_document(desc->op) ? "document_size"
          : desc->op == DP_OP_AUDIO_TO_TEXT ? "audio_size"
                                            : "file_size";
  if (!goes_by_kind(desc->op))
    return param->max;
  const known_type *type = find(filename);
  file_kind kind = type ? type->kind : DOCUMENT;
  *name = bounds[kind].name;
  return bounds[kind].bytes < param->max ? bounds[kind].bytes : param->max;
}

static dp_kind check_name(const dp__op_desc *desc, const char *filename, dp_error *err) {
  const char *banned = makes_document(desc->op)  ? "/\\:*?\"<>|"
                       : goes_by_kind(desc->op) ? "/\\"
                                                : "";
  const char *bad = strpbrk(filename, banned);
  if (!bad)
    return DP_OK;
  return dp__fail(err, DP_INVALID_REQUEST, "file_name", "Give another file name.",
                  "%s: the file's name holds %c; the server takes none of %s in it", desc->name, *bad,
                  banned);
}

static dp_kind check_extension(const dp__op_desc *desc, const char *filename, dp_error *err) {
  char list[240] = "";
  const known_type *type = find(filename);
  if (type && type->indexed)
    return DP_OK;
  for (size_t i = 0, used = 0; i < KNOWN; i++)
    if (known[i].indexed)
      used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "",
                               known[i].extension);
  const char *extension = extension_of(filename);
  return dp__fail(err, DP_INVALID_REQUEST, "file_type",
                  "Send it as one of these, or turn validation off if your server takes it.",
                  "%s: the file's name ends in %s%.20s; allowed are %s", desc->name,
                  *extension ? "." : "no extension", extension, list);
}

static dp_kind check_audio(const dp__op_desc *desc, const char *type, dp_error *err) {
  static const char *const taken[] = {"audio/mp3", "audio/m4a", "audio/wav", "audio/amr",
                                      "audio/mpga"};
  for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
    if (strcasecmp(taken[i], type) == 0)
      return DP_OK;
  return dp__fail(err, DP_INVALID_REQUEST, "file_type",
                  "Leave the type out, and it is taken from the file name's extension.",
                  "%s: the file's type is %.60s; allowed are audio/mp3, audio/m4a, audio/wav, audio/amr "
                  "and audio/mpga",
                  desc->name, type);
}

static dp_kind check_size(const dp__op_desc *desc, const dp__param_desc *param,
                          const char *filename, int64_t length, dp_error *err) {
  const char *bound;
  int64_t most = dp__file_bound(desc, param, filename, &bound);
  if (length <= most)
    return DP_OK;
  return dp__fail(err, DP_TOO_LARGE, bound,
                  "Send less, or turn validation off if your server's bound was raised.",
                  "%s: the file has %lld bytes; %s is %lld (%lld MB)", desc->name, (long long)length,
                  bound, (long long)most, (long long)(most / MB));
}

dp_kind dp__file_check(const dp__op_desc *desc, const dp__param_desc *param, const char *filename,
                       const char *type, int64_t length, dp_error *err) {
  dp_kind kind = check_name(desc, filename, err);
  if (kind == DP_OK && makes_document(desc->op))
    kind = check_extension(desc, filename, err);
  if (kind == DP_OK && desc->op == DP_OP_AUDIO_TO_TEXT)
    kind = check_audio(desc, type, err);
  return kind == DP_OK ? check_size(desc, param, filename, length, err) : kind;
}

/* --- names as they are kept ------------------------------------------------------------------------ */

enum { KEPT = 200 };

size_t dp__file_kept_name(const char *filename, size_t length, char *out) {
  memcpy(out, filename, length);
  out[length] = '\0';
  if (dp__utf8_count(filename, length) <= KEPT)
    return length;
  const char *extension = extension_of(out);
  size_t stem = strcspn(out, "."), points = 0, cut = 0;
  for (; cut < stem; cut++)
    if (((unsigned char)out[cut] & 0xc0) != 0x80 && ++points > KEPT)
      break;
  size_t more = strlen(extension);
  memmove(out + cut + 1, extension, more + 1);
  out[cut] = '.';
  for (size_t i = cut + 1; i < cut + 1 + more; i++)
    if (out[i] >= 'A' && out[i] <= 'Z')
      out[i] = (char)(out[i] + 'a' - 'A');
  return cut + 1 + more;
}
