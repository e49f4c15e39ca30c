#include "scarce.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <jansson.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

static atomic_bool armed, failed; /* tests of the engine allocate on several threads */
static atomic_uint left;

static bool fails(void) {
  if (!armed || atomic_fetch_sub(&left, 1) > 0)
    return false;
  armed = false;
  failed = true;
  return true;
}

void *__wrap_malloc(size_t size) {
  return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
  return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size) {
  return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text) {
  return fails() ? NULL : __real_strdup(text);
}

static void *jansson_malloc(size_t size) {
  return __wrap_malloc(size);
}

void scarce_from(unsigned n) {
  json_set_alloc_funcs(jansson_malloc, free);
  left = n;
  failed = false;
  armed = true;
}

bool scarce_off(void) {
  armed = false;
  return failed;
}
