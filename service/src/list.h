/* list.h - an intrusive list: nodes live in what they link, so linking never fails. */
#ifndef DPD_LIST_H
#define DPD_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct dpd_node {
  struct dpd_node *next;
  struct dpd_node *prev;
} dpd_node;

/* A list is a node that stands for both its ends. A node that links to itself is in no list. */
typedef dpd_node dpd_list;

#define DPD_CONTAINER(pointer, type, member)                                                       \
  ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static inline void dpd_list_init(dpd_list *list) {
  list->next = list;
  list->prev = list;
}

static inline bool dpd_list_empty(const dpd_list *list) {
  return list->next == list;
}

static inline void dpd_list_append(dpd_list *list, dpd_node *node) {
  node->next = list;
  node->prev = list->prev;
  list->prev->next = node;
  list->prev = node;
}

/* Harmless on a node that is in no list. */
static inline void dpd_list_remove(dpd_node *node) {
  node->prev->next = node->next;
  node->next->prev = node->prev;
  dpd_list_init(node);
}

static inline dpd_node *dpd_list_first(const dpd_list *list) {
  return dpd_list_empty(list) ? NULL : list->next;
}

/* dpd_list_move - all of from goes to the end of to. */
static inline void dpd_list_move(dpd_list *to, dpd_list *from) {
  if (dpd_list_empty(from)) {
    return;
  }
  from->next->prev = to->prev;
  to->prev->next = from->next;
  from->prev->next = to;
  to->prev = from->prev;
  dpd_list_init(from);
}

#endif
