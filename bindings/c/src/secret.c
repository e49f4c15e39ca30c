/*
 * A key lies in memory for as long as the client may have to connect again. In pages of their own
 * the kernel can be told to leave them out of a core dump, which heap memory cannot.
 */
#include "secret.h"

#include <string.h>
#include <sys/mman.h>

void *dpc__secret_alloc(size_t length) {
  void *memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return NULL;
  madvise(memory, length, MADV_DONTDUMP);
  return memory;
}

void dpc__secret_free(void *memory, size_t length) {
  if (!memory)
    return;
  explicit_bzero(memory, length);
  munmap(memory, length);
}
