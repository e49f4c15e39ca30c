/* service.stats: the counters of service, pool and hosts, under the names of <difypool/stats.h>.
 * One table says name and place, so that a counter that the library gains is one row here. */
#include <string.h>

#include "clock.h"
#include "encode.h"
#include "fault.h"
#include "service.h"

typedef struct field {
  const char *name;
  size_t offset;
  size_t size; /* of the unsigned integer there */
} field;

#define HOST(member)                                                                               \
  { #member, offsetof(dp_host_stats, member), sizeof(((dp_host_stats *)NULL)->member) }

static const field host_numbers[] = {
    HOST(connections_opened),
    HOST(connections_reused),
    HOST(connections_open),
    HOST(connections_in_use),
    HOST(connections_bound),
    HOST(waiting),
    HOST(concurrency),
    HOST(idle_age_ms),
    HOST(calls),
    HOST(transfers),
    HOST(errors),
    HOST(dns_us),
    HOST(connect_us),
    HOST(tls_us),
    HOST(saved_us),
    HOST(sent),
    HOST(received),
    HOST(latency_p50_us),
    HOST(latency_p90_us),
    HOST(latency_p99_us),
    HOST(latency_max_us),
    HOST(wire_us),
    HOST(wire_base_us),
    HOST(repeats),
    HOST(held_ms),
};

static void pack_number(msgpack_packer *packer, const char *name, uint64_t value) {
  dpd_pack_text(packer, name);
  msgpack_pack_uint64(packer, value);
}

static void pack_string(msgpack_packer *packer, const char *name, const char *value) {
  dpd_pack_text(packer, name);
  dpd_pack_text(packer, value != NULL ? value : "");
}

static void pack_host(msgpack_packer *packer, const dp_host_stats *host) {
  const size_t count = sizeof(host_numbers) / sizeof(host_numbers[0]);
  msgpack_pack_map(packer, count + 4);
  pack_string(packer, "origin", host->origin);
  pack_string(packer, "version", host->version);
  pack_string(packer, "breaker", host->breaker);
  pack_string(packer, "concurrency_state", host->concurrency_state);
  for (size_t i = 0; i < count; i++) {
    const char *at = (const char *)host + host_numbers[i].offset;
    uint32_t narrow;
    uint64_t wide;
    if (host_numbers[i].size == sizeof(narrow)) {
      memcpy(&narrow, at, sizeof(narrow));
      wide = narrow;
    } else {
      memcpy(&wide, at, sizeof(wide));
    }
    pack_number(packer, host_numbers[i].name, wide);
  }
}

static void pack_service(msgpack_packer *packer, dpd_service *s) {
  pthread_mutex_lock(&s->lock);
  dpd_pack_text(packer, "service");
  msgpack_pack_map(packer, 21);
  pack_string(packer, "version", dp_version());
  pack_number(packer, "pid", s->pid);
  pack_number(packer, "uptime_ms", (uint64_t)(dpd_now_ms() - s->began_ms));
  pack_number(packer, "clients", s->peers.clients);
  pack_number(packer, "calls_running", s->calls.running);
  pack_number(packer, "calls", s->answered);
  pack_number(packer, "remembered", dpd_remember_count(s->remember));
  pack_number(packer, "remembered_bytes", dpd_remember_bytes(s->remember));
  pack_number(packer, "streams", s->streams.count);
  pack_number(packer, "streams_opened", s->streaming.opened);
  pack_number(packer, "stream_pieces", s->streaming.pieces);
  pack_number(packer, "stream_held", s->streaming.held);
  pack_number(packer, "uploads", s->uploading.busy);
  pack_number(packer, "uploads_opened", s->uploading.opened);
  pack_number(packer, "pushes", s->pushing.count);
  pack_number(packer, "pushes_opened", s->pushing.opened);
  pack_number(packer, "push_pages", atomic_load(&s->pushing.pages));
  pack_number(packer, "push_held", atomic_load(&s->pushing.held));
  pack_number(packer, "relistens", s->relistens);
  pack_number(packer, "rejected", s->rejected);
  dpd_pack_text(packer, "draining");
  s->draining ? msgpack_pack_true(packer) : msgpack_pack_false(packer);
  pthread_mutex_unlock(&s->lock);
}

static void pack_pool(msgpack_packer *packer, const dp_stats *stats) {
  dpd_pack_text(packer, "pool");
  msgpack_pack_map(packer, 7);
  dpd_pack_text(packer, "pooling");
  stats->pooling ? msgpack_pack_true(packer) : msgpack_pack_false(packer);
  pack_number(packer, "running", stats->running);
  pack_number(packer, "waiting", stats->waiting);
  pack_number(packer, "profiles", stats->profiles);
  pack_number(packer, "uptime_ms", stats->uptime_ms);
  pack_number(packer, "calls", stats->calls);
  dpd_pack_text(packer, "errors");
  msgpack_pack_map(packer, DP_KIND_COUNT);
  for (int kind = 0; kind < DP_KIND_COUNT; kind++) {
    pack_number(packer, dp_kind_name((dp_kind)kind), stats->errors[kind]);
  }
}

static void pack_pace(msgpack_packer *packer, const dp_pace_stats *pace) {
  msgpack_pack_map(packer, 7);
  pack_string(packer, "workspace", pace->workspace);
  pack_number(packer, "limit", pace->limit);
  pack_number(packer, "window_ms", pace->window_ms);
  pack_number(packer, "used", pace->used);
  pack_number(packer, "others", pace->others);
  pack_number(packer, "waiting", pace->waiting);
  dpd_pack_text(packer, "learnt");
  pace->learnt ? msgpack_pack_true(packer) : msgpack_pack_false(packer);
}

dpd_answer_when dpd_op_stats(const dpd_ask *ask, dpd_text *out, dp_error *err) {
  dp_stats stats = DP_STATS_INIT;
  if (dp_client_stats(ask->s->client, &stats) != DP_OK) {
    dpd_fault(err, DP_INTERNAL, "memory", "There is no memory for the statistics.");
    return DPD_ANSWER_ERROR;
  }
  msgpack_packer packer;
  dpd_packer_init(&packer, out);
  msgpack_pack_map(&packer, 4);
  pack_service(&packer, ask->s);
  pack_pool(&packer, &stats);
  dpd_pack_text(&packer, "hosts");
  msgpack_pack_array(&packer, stats.host_count);
  for (size_t i = 0; i < stats.host_count; i++) {
    pack_host(&packer, &stats.hosts[i]);
  }
  dpd_pack_text(&packer, "paces");
  msgpack_pack_array(&packer, stats.pace_count);
  for (size_t i = 0; i < stats.pace_count; i++) {
    pack_pace(&packer, &stats.paces[i]);
  }
  dp_stats_clear(&stats);
  return DPD_ANSWER_BODY;
}
