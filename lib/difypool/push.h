/* push.h - pages that are found one by one: "make this knowledge base hold these pages", as a session. */
#ifndef DIFYPOOL_PUSH_H
#define DIFYPOOL_PUSH_H

#include <stddef.h>

#include <difypool/args.h>
#include <difypool/call.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A push is a call of DP_OP_PAGES_PUSH. With an argument `pages` it holds all of them and ends by itself.
 * Without, it is a session: pages come by dp_push_add, until dp_push_finish; what becomes of each is
 * told to the call's sink (on_event), whose data is JSON:
 *
 *   {"event":"page","index":0,"key":"https://…","outcome":"created","document_id":"…","name":"…"}
 *       outcome: created, updated, adopted, unchanged, duplicate, skipped (with code), failed (with error)
 *       edited_segments: of a dry run, how many segments edited by hand a rewrite would discard
 *   {"event":"deleted",…}  {"event":"indexed",…}  {"event":"progress","pages":…,"done":…,"waiting_for":"…"}
 *       waiting_for: list, server, metadata, pages, or indexing (then with indexed and to_index)
 *
 * The reply's body has the totals. Cancelling the call (dp_call_cancel), or never finishing it, leaves
 * a consistent knowledge base: pushing again goes on from what is there.
 */

/* How many pages of a push are held at a time, those that are on their way included. */
enum { DP_PUSH_WINDOW = 256 };

/* Told once, on the engine's thread, when a page that had no room would have it now. */
typedef void (*dp_room_fn)(dp_call *push, void *user);

/*
 * dp_push_add - one more page.
 * page: url or id, title, text or file (dp_args_set_file), metadata (JSON object), name; copied. Checked now.
 * Returns DP_OK: it was taken, and its index is the number of pages taken before it. One that is wrong is
 * taken as well, and told as failed in its turn: a page that fails harms no other. DP_BUSY (code
 * push_window): so much waits that this one was not taken, and on_room (may be NULL) will be told;
 * DP_INVALID_REQUEST (codes push_finished, push_ended): the push has been finished or has ended.
 * Any thread, callbacks included. Since 0.2.
 */
DP_EXPORT dp_kind dp_push_add(dp_call *push, const dp_args *page, dp_room_fn on_room, void *user,
                              dp_error *err);

/*
 * dp_push_refuse - the same for what the program itself knows to be wrong: told as failed, with that error,
 * in its turn, so that indexes follow the order in which pages were given.
 * key: its id or URL, NULL = none is known; why: copied. Returns and threads as dp_push_add. Since 0.2.
 */
DP_EXPORT dp_kind dp_push_refuse(dp_call *push, const char *key, const dp_error *why, dp_room_fn on_room,
                                 void *user, dp_error *err);

/* dp_push_finish - no more pages come: waits for indexing and prunes, where that was asked for, and ends.
 * Any thread. Doing it twice is harmless. Since 0.2. */
DP_EXPORT dp_kind dp_push_finish(dp_call *push, dp_error *err);

/* dp_push_stop - end it early but whole: no page is begun any more, what was begun is completed, nothing is
 * waited for or pruned, and the call ends with why (copied; NULL = DP_CANCELLED, code push_stopped). One that
 * has begun to wait or prune goes on. dp_call_cancel is the quicker way. Any thread. Of two the first
 * tells why. Since 0.2. */
DP_EXPORT dp_kind dp_push_stop(dp_call *push, const dp_error *why, dp_error *err);

#ifdef __cplusplus
}
#endif
#endif
