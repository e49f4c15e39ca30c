/* Why by hand: it is one datagram, and libsystemd would be the service's largest dependency. */
#include "notify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"

static void send_text(const char *path, const char *text) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(path);
  if (length == 0 || length >= sizeof(address.sun_path)) {
    return;
  }
  memcpy(address.sun_path, path, length);
  if (path[0] == '@') {
    address.sun_path[0] = '\0'; /* the abstract namespace */
  }
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return;
  }
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
  sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&address, size);
  close(fd);
}

bool dpd_notify_wanted(void) {
  return getenv("NOTIFY_SOCKET") != NULL;
}

void dpd_notify(const char *format, ...) {
  const char *path = getenv("NOTIFY_SOCKET");
  if (path == NULL) {
    return;
  }
  char text[512];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof(text), format, list);
  va_end(list);
  send_text(path, text);
}

void dpd_notify_reloading(void) {
  dpd_notify("RELOADING=1\nMONOTONIC_USEC=%" PRId64, dpd_now_us());
}
