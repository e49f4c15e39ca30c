/* One place decides how numbers look, so that two lines of a page never disagree. */
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *cli_count(char *out, uint64_t count) {
  char digits[CLI_TEXT];
  int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
  char *to = out;
  for (int i = 0; i < length; i++) {
    if (i && (length - i) % 3 == 0)
      *to++ = ',';
    *to++ = digits[i];
  }
  *to = '\0';
  return out;
}

static char *three_digits(char *out, double value, const char *unit) {
  int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  snprintf(out, CLI_TEXT, "%.*f %s", decimals, value, unit);
  return out;
}

char *cli_span_us(char *out, uint64_t us) {
  uint64_t s = us / 1000000;
  if (us == 0)
    snprintf(out, CLI_TEXT, "0");
  else if (us < 1000)
    snprintf(out, CLI_TEXT, "%llu µs", (unsigned long long)us);
  else if (us < 999500)
    three_digits(out, (double)us / 1e3, "ms");
  else if (s < 100)
    three_digits(out, (double)us / 1e6, "s");
  else if (s < 3600)
    snprintf(out, CLI_TEXT, "%llu min %llu s", (unsigned long long)(s / 60),
             (unsigned long long)(s % 60));
  else if (s < 86400)
    snprintf(out, CLI_TEXT, "%llu h %llu min", (unsigned long long)(s / 3600),
             (unsigned long long)(s % 3600 / 60));
  else
    snprintf(out, CLI_TEXT, "%llu d %llu h", (unsigned long long)(s / 86400),
             (unsigned long long)(s % 86400 / 3600));
  return out;
}

char *cli_bytes(char *out, uint64_t bytes) {
  static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
  double value = (double)bytes / 1024;
  size_t unit = 0;
  if (bytes < 1024) {
    snprintf(out, CLI_TEXT, "%llu B", (unsigned long long)bytes);
    return out;
  }
  for (; value >= 1024 && unit < 3; unit++)
    value /= 1024;
  snprintf(out, CLI_TEXT, "%.1f %s", value, units[unit]);
  return out;
}

char *cli_percent(char *out, uint64_t part, uint64_t whole) {
  double percent = whole ? 100.0 * (double)part / (double)whole : 0;
  if (part < whole && percent > 99.9)
    percent = 99.9; /* almost all is not all */
  snprintf(out, CLI_TEXT, part == whole && whole ? "%.0f %%" : "%.1f %%", percent);
  return out;
}

bool cli_duration(const char *text, uint32_t *ms) {
  static const struct {
    const char *unit;
    double ms;
  } units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"min", 60000}, {"h", 3600000}};
  char *end;
  if (*text < '0' || *text > '9')
    return false;
  errno = 0;
  double value = strtod(text, &end);
  for (size_t i = 0; errno == 0 && i < sizeof units / sizeof *units; i++) {
    if (strcmp(end, units[i].unit) != 0)
      continue;
    value = value * units[i].ms + 0.5;
    if (!(value < (double)UINT32_MAX))
      return false;
    *ms = (uint32_t)value;
    return true;
  }
  return false;
}
