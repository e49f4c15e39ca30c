/*
 * Why calls and askers are two things: a client that lost its connection asks again over a new one,
 * a REQ socket sends again by itself, and the call is carried out once all the same. So a call has
 * any number of askers, none while its client reconnects, and each asker holds a message that will
 * be answered.
 *
 * All of it lives under the service's lock.
 */
#include "calls.h"

#include <stdlib.h>

void dpd_calls_init(dpd_calls *calls) {
  calls->running = 0;
  dpd_list_init(&calls->orphans);
  dpd_list_init(&calls->timed);
}

dpd_call *dpd_call_new(dpd_service *service, const dpd_call_key *key) {
  dpd_call *call = calloc(1, sizeof(*call));
  if (call == NULL) {
    return NULL;
  }
  call->service = service;
  call->key = *key;
  call->refs = 2;
  dpd_list_init(&call->askers);
  dpd_list_init(&call->orphan);
  return call;
}

void dpd_call_drop(dpd_call *call) {
  if (--call->refs == 0) {
    free(call);
  }
}

dpd_asker *dpd_asker_attach(dpd_call *call, dpd_peer *peer, dpd_inquiry *inquiry) {
  dpd_asker *asker = calloc(1, sizeof(*asker));
  if (asker == NULL) {
    return NULL;
  }
  asker->call = call;
  asker->peer = peer;
  asker->inquiry = inquiry;
  dpd_list_init(&asker->timed);
  dpd_list_append(&call->askers, &asker->of_call);
  dpd_list_append(&peer->askers, &asker->of_peer);
  dpd_list_remove(&call->orphan);
  peer->running++;
  return asker;
}

void dpd_asker_detach(dpd_asker *asker) {
  dpd_list_remove(&asker->of_peer);
  dpd_list_remove(&asker->timed);
  if (asker->peer != NULL) {
    asker->peer->running--;
    asker->peer->unread++;
    asker->peer = NULL;
  }
}
