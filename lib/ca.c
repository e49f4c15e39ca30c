/*
 * Reading the system's CAs takes some 20 ms of CPU. libcurl keeps what it has read for all
 * connections of a multi handle, but reads it only in a handshake: the first call would pay, and
 * all others that run at that moment would wait with it. So the engine begins a handshake before,
 * while it has nothing to do, with a local socket of its own where nobody answers. libcurl reads
 * the store once its first message is out, and soon gives up. No network is touched.
 *
 * What libcurl does not keep is not read ahead: CAs given as bytes or as a directory. It keeps one
 * store at a time, so only the first profile's is read.
 */
#include "ca.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "profile.h"
#include "transfer.h"

static const long GIVE_UP_MS = 50;

/* A local socket that listens under a name which the kernel chose, outside of any file system. */
static int listen_somewhere(char name[sizeof((struct sockaddr_un){0}).sun_path]) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  socklen_t length = sizeof address.sun_family;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -1;
  if (bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, 1) != 0 ||
      (length = sizeof address, getsockname(fd, (struct sockaddr *)&address, &length)) != 0) {
    close(fd);
    return -1;
  }
  size_t size = length - offsetof(struct sockaddr_un, sun_path) - 1; /* behind the NUL before it */
  memcpy(name, address.sun_path + 1, size);
  name[size] = '\0';
  return fd;
}

void dp__ca_preload(dp_profile *p) {
  dp_client *client = p->client;
  if (client->ca_asked || client->stopping || !p->verify || p->ca_bytes || p->ca_dir ||
      strncmp(p->base.url, "https:", 6) != 0)
    return;
  client->ca_asked = true;
  char name[sizeof((struct sockaddr_un){0}).sun_path];
  CURL *easy = client->ca_easy = curl_easy_init();
  client->ca_peer = listen_somewhere(name);
  if (!easy || client->ca_peer < 0) {
    dp__ca_forget(client);
    return;
  }
  dp__transfer_set_tls(p, easy);
  curl_easy_setopt(easy, CURLOPT_URL, "https://localhost/"); /* no name is looked up */
  curl_easy_setopt(easy, CURLOPT_ABSTRACT_UNIX_SOCKET, name);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, GIVE_UP_MS);
  if (curl_multi_add_handle(client->multi, easy) != CURLM_OK)
    dp__ca_forget(client);
}

bool dp__ca_loaded(dp_client *client, CURL *easy) {
  if (!easy || easy != client->ca_easy)
    return false;
  dp__ca_forget(client);
  return true;
}

void dp__ca_forget(dp_client *client) {
  if (client->ca_easy) {
    curl_multi_remove_handle(client->multi, client->ca_easy);
    curl_easy_cleanup(client->ca_easy);
  }
  client->ca_easy = NULL;
  if (client->ca_peer >= 0)
    close(client->ca_peer);
  client->ca_peer = -1;
}
