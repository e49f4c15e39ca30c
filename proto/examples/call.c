/*
 * One call through difypoold with nothing but libnng's REQ socket and msgpack-c.
 *
 *   cc call.c -o call -lnng $(pkg-config --cflags --libs msgpack-c || pkg-config --cflags --libs msgpack)
 *   ./call /run/difypool/socket datasets.list
 */
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>

#include <msgpack.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void fail(const char *what, int code) {
  fprintf(stderr, "call: %s: %s\n", what, nng_strerror(code));
  exit(1);
}

static void put_text(msgpack_packer *packer, const char *text) {
  msgpack_pack_str_with_body(packer, text, strlen(text));
}

static void put_bytes(msgpack_packer *packer, const void *data, size_t length) {
  msgpack_pack_bin_with_body(packer, data, length);
}

static void write_request(msgpack_sbuffer *out, const char *op, const char *epoch) {
  char id[16];
  if (getrandom(id, sizeof id, 0) != sizeof id)
    exit(1);
  msgpack_packer packer;
  msgpack_packer_init(&packer, out, msgpack_sbuffer_write);
  msgpack_pack_map(&packer, epoch ? 4 : 3);
  put_text(&packer, "v");
  msgpack_pack_int(&packer, 1);
  put_text(&packer, "id");
  put_bytes(&packer, id, sizeof id);
  put_text(&packer, "op");
  put_text(&packer, op);
  if (epoch) {
    put_text(&packer, "epoch");
    put_bytes(&packer, epoch, 16);
  }
}

/* The value under a key of a map; NULL if it is not there. */
static const msgpack_object *get(const msgpack_object *map, const char *key) {
  if (!map || map->type != MSGPACK_OBJECT_MAP)
    return NULL;
  for (uint32_t i = 0; i < map->via.map.size; i++) {
    const msgpack_object_kv *pair = &map->via.map.ptr[i];
    if (pair->key.type == MSGPACK_OBJECT_STR && pair->key.via.str.size == strlen(key) &&
        memcmp(pair->key.via.str.ptr, key, strlen(key)) == 0)
      return &pair->val;
  }
  return NULL;
}

typedef struct answer {
  void *data; /* texts and bytes of the map point into it */
  size_t length;
  msgpack_unpacked unpacked;
} answer;

static answer ask(nng_socket socket, const char *op, const char *epoch) {
  msgpack_sbuffer request;
  msgpack_sbuffer_init(&request);
  write_request(&request, op, epoch);
  answer got = {0};
  int code = nng_send(socket, request.data, request.size, 0);
  if (code == 0)
    code = nng_recv(socket, &got.data, &got.length, NNG_FLAG_ALLOC);
  if (code != 0)
    fail(op, code);
  msgpack_sbuffer_destroy(&request);
  msgpack_unpacked_init(&got.unpacked);
  if (msgpack_unpack_next(&got.unpacked, got.data, got.length, NULL) != MSGPACK_UNPACK_SUCCESS)
    fail(op, NNG_EPROTO);
  return got;
}

static void answer_free(answer *got) {
  msgpack_unpacked_destroy(&got->unpacked);
  nng_free(got->data, got->length);
}

static void print_bytes(FILE *to, const msgpack_object *value) {
  if (value && value->type == MSGPACK_OBJECT_BIN)
    fwrite(value->via.bin.ptr, 1, value->via.bin.size, to);
  else if (value && value->type == MSGPACK_OBJECT_STR)
    fwrite(value->via.str.ptr, 1, value->via.str.size, to);
  else if (value)
    msgpack_object_print(to, *value);
}

static int print_reply(const msgpack_object *reply) {
  const msgpack_object *error = get(reply, "error");
  if (!error) {
    print_bytes(stdout, get(get(reply, "ok"), "body"));
    putchar('\n');
    return 0;
  }
  print_bytes(stderr, get(error, "kind"));
  fputs(": ", stderr);
  print_bytes(stderr, get(error, "message"));
  fputc('\n', stderr);
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fputs("usage: call SOCKET OPERATION\n", stderr);
    return 2;
  }
  char url[256];
  snprintf(url, sizeof url, "ipc://%s", argv[1]);
  nng_socket socket;
  int code = nng_req0_open(&socket);
  if (code == 0)
    code = nng_dial(socket, url, NULL, 0);
  if (code != 0)
    fail(url, code);
  nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, 130000);

  answer ping = ask(socket, "service.ping", NULL);
  const msgpack_object *epoch = get(&ping.unpacked.data, "epoch");
  if (!epoch || epoch->type != MSGPACK_OBJECT_BIN || epoch->via.bin.size != 16)
    fail("service.ping", NNG_EPROTO);
  answer told = ask(socket, argv[2], epoch->via.bin.ptr); /* tells a resend from a new call */
  int status = print_reply(&told.unpacked.data);
  answer_free(&ping);
  answer_free(&told);
  nng_close(socket);
  return status;
}
