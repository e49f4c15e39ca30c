/* push.h - the inside of a push. Internal; the engine's thread, but for the intake.
 *
 *   pageload.c  a page as it comes           push.c       beginning, intake, telling, the end
 *   pushopen.c  the knowledge base           pushlist.c   what it holds: lists and looks
 *   pushpage.c  one page, from plan to text  pushmeta.c   metadata in batches, and reading back
 *   pushrule.c  how texts are cut            pushend.c    waiting, pruning, totals
 *   pushintake.c  where pages come in
 */
#ifndef DP_PUSH_H
#define DP_PUSH_H

#include <pthread.h>

#include "fields.h"
#include "pageload.h"

enum {
  DP__PUSH_PAGES = DP_PUSH_WINDOW, /* push_window: pages that are held at a time */
  DP__PUSH_BYTES = 16 << 20,  /* push_window_bytes: of their texts, unless it is one page */
  DP__PUSH_TRIES = 4,         /* of a page, where what failed may pass */
  DP__PUSH_KEPT = 16 << 20,   /* push_kept_bytes: texts kept for a second indexing, while it is waited for */
  DP__BATCH = 50,             /* documents in one metadata write */
  DP__LIST_PAGE = 100
};

/* What all pushes into one knowledge base share. */
typedef struct dp__kb {
  struct dp__kb *next;
  unsigned users; /* pushes that run */
  char *workspace, id[40];
  char *technique, *form; /* NULL = not fixed yet */
  json_t *fields;         /* as the server lists them */
  dp__inventory inventory;
  uint64_t listed_us; /* when the last whole list ended; 0 = it was never listed in this life */
  uint64_t list_begun_us; /* when that one began */
  uint64_t used_us;
} dp__kb;

typedef struct dp__pages {
  dp__page *first, **last;
  size_t count;
} dp__pages;

void dp__pages_init(dp__pages *pages);
void dp__pages_add(dp__pages *pages, dp__page *page);
dp__page *dp__pages_take(dp__pages *pages); /* the first; NULL = none */

/* Where pages come in. Other threads add; so it has a lock, held for a few instructions. */
typedef struct dp__intake {
  pthread_mutex_t lock;
  dp__pages pages;
  size_t held, held_bytes; /* pages that were taken and are not done */
  uint64_t count;          /* of all that were taken */
  bool finished, closed, posted;
  bool stopped; /* dp_push_stop: what was not begun never is */
  dp_error why; /* and this is told */
  dp_room_fn on_room;
  void *room_user;
  dp__job job;
} dp__intake;

enum dp__on_duplicate { DP__DUPLICATE_ERROR, DP__DUPLICATE_LAST, DP__DUPLICATE_NUMBER };

typedef struct dp__push_options {
  const char *dataset_id, *dataset, *set, *technique, *form, *language; /* of the call's arguments */
  bool wait, prune, prune_adopted, adopt, rechunk, mend, dry_run;
  uint32_t max_delete; /* percent */
  enum dp__on_duplicate on_duplicate;
} dp__push_options;

typedef struct dp__totals {
  uint64_t pages, created, updated, adopted, unchanged, duplicates, skipped, failed, deleted,
      rule_changed, indexed, not_indexed;
} dp__totals;

/* Pages that share a call. */
typedef struct dp__batch {
  struct dp__batch *next, **link;
  struct dp_call *push;
  dp__pages pages;
  int page, last_page; /* of lists */
} dp__batch;

/* A key that came, and the text it had; where they are kept is a table of open addressing. */
typedef struct dp__came {
  uint8_t tag[8], text[8]; /* tag: of the key's hash */
  uint8_t document[16];    /* zero = not known yet */
  bool used;
} dp__came;

typedef struct dp__push {
  dp_call *call;
  dp__intake intake;
  dp__push_options options;
  char *rule;          /* JSON: the process rule of every create */
  bool rule_given;     /* by the caller; else it follows the knowledge base's form */
  uint8_t rule_hash[8];
  dp__kb *kb;          /* NULL = not opened yet */
  bool session;        /* pages come by dp_push_add */
  bool kb_is_new;      /* this push created it, or would: there is nothing to list */
  bool planning;       /* pages may be planned */
  bool listing;        /* a whole list is on its way, or has been read in this push */
  dp__turn list_turn;  /* of those that list a knowledge base one does, for all */
  uint64_t list_asked_us;
  bool listed;
  bool ending;
  bool stopping; /* intake.stopped, as the engine knows it */
  bool kicking, kick_again; /* in dp__push_kick; it was asked for once more meanwhile */
  bool checked_doubles;     /* a last list, for what another machine made meanwhile, was read */
  unsigned list_open, list_again; /* lists that are on their way; whole ones begun anew */
  json_int_t list_total;
  size_t list_pages;
  uint64_t looks;      /* of single pages */

  dp__page *all;       /* that are not done */
  struct dp__batch *batches; /* calls for several pages that are on their way */
  dp__pages fresh;     /* came, and wait for the plan */
  dp__pages huge;      /* are over 1 MB: sent behind all others */
  dp__pages stamping;  /* wait for their metadata to be written */
  dp__pages checking;  /* wait for it to be read back */
  dp__pages later;     /* try again when retry_timer runs */
  dp__timer retry_timer;
  size_t active;       /* between fresh and stamping */
  size_t queued;       /* of them: they wait for a turn that a page of another push may have */
  unsigned stamps, checks, stamped_calls, checked_calls; /* calls on their way; begun so far */
  json_t *wanted;      /* fields that are missing */
  bool ensuring;

  dp__came *came;
  size_t came_places, came_count;
  dp__pages kept;      /* done, and kept in case their indexing fails */
  size_t kept_bytes;
  json_int_t seen_total; /* of documents, by the last list; -1 = none was read */
  json_t *results;     /* where nobody reads events */
  json_t *written;     /* ids of documents whose indexing is to be waited for */
  json_t *prunes;      /* ids that are to go */
  size_t pruning, prune_at;
  bool indexed_again; /* those whose indexing failed were written once more */
  dp__totals totals;
  uint64_t told_us;    /* of progress, last */
} dp__push;

dp__push *dp__push_of(const dp_call *call);

/* --- push.c --- */
/* dp__push_done - what became of a page, which is done and freed. error: NULL unless it failed. */
void dp__push_done(dp__page *page, const char *outcome, const char *code, const dp_error *error);
/* dp__push_failed - it failed; kinds that may pass are tried again later. */
void dp__push_failed(dp__page *page, const dp_error *error);
/* dp__push_tell_indexing - how far the index is that the push waits for. */
void dp__push_tell_indexing(struct dp_call *push, size_t indexed, size_t of);
/* dp__push_kick - go on with whatever can go on. */
void dp__push_kick(dp__push *push);
/* dp__push_args - new arguments that name the knowledge base; NULL = no memory, and the call has ended. */
dp_args *dp__push_args(dp__push *push);
/* dp__push_call - a child in the push's manner: it waits for pace and breaker, without a deadline. args are
 * freed. */
bool dp__push_call(dp__push *push, dp_op op, dp_args *args, dp__child_fn fn, void *user);
/* dp__push_batch - the next up to most pages of a list; NULL = no memory, and the call has ended. */
dp__batch *dp__push_batch(dp__push *push, dp__pages *from, size_t most);
void dp__batch_free(dp__batch *batch);
dp__came *dp__push_came(dp__push *push, const dp__page *page);

/* dp__push_active - whether it is between fresh and stamping, where its push waits for the server. */
void dp__push_active(dp__page *page, bool active);

/* dp__push_enlist - it is one of those that are not done. */
void dp__push_enlist(dp__push *push, dp__page *page);

/* --- pushintake.c --- */
/* dp__push_take_in - take over what has come. */
void dp__push_take_in(dp__push *push);
/* dp__push_wrong_page - a page that is wrong keeps its place among the others; NULL = no memory. Any thread. */
dp__page *dp__push_wrong_page(const char *key, const dp_error *why);

/* --- pushopen.c --- */
void dp__push_open(dp__push *push);
void dp__kb_leave(dp__push *push);
void dp__kbs_free(dp_client *client);

/* --- pushlist.c --- */
/* dp__push_plan_how - list the knowledge base, or look for pages one by one; sets planning when known. */
void dp__push_plan_how(dp__push *push);
/* dp__push_check_doubles - at the end: whether another machine made documents meanwhile is looked at once
 * more, if it can have. True: the end waits for it. */
bool dp__push_check_doubles(dp__push *push);
void dp__push_list(dp__push *push);
/* dp__push_look - ask for the documents of one page; then(page) follows, or the page has failed. */
void dp__push_look(dp__page *page, void (*then)(dp__page *page));

/* --- pushpage.c --- */
void dp__push_begin_page(dp__page *page);
void dp__push_begin_again(dp__page *page);
/* dp__push_index_again - it was done, and its indexing failed: once more, as if it came anew. */
void dp__push_index_again(dp__page *page);
/* dp__push_remove_double - a further document of the page is there: delete it, then(page) follows. False:
 * there is none. */
bool dp__push_remove_double(dp__page *page, void (*then)(dp__page *page));
/* dp__push_replan - look what there is of the page, and go on from that. */
void dp__push_replan(dp__page *page);

/* --- pushmeta.c --- */
void dp__push_stamp(dp__push *push);
void dp__push_check(dp__push *push);

/* --- pushrule.c --- */
/* dp__push_choose_rule - of the call's arguments, on the caller's thread; checked. */
dp_kind dp__push_choose_rule(dp__push *push, const dp_args *args, dp_error *err);
/* dp__push_follow_form - of a knowledge base whose form nobody named. False: memory is out. */
bool dp__push_follow_form(dp__push *push, const char *form);

/* --- pushend.c --- */
void dp__push_end(dp__push *push);

#endif
