/*
 * Why handles are random and owned: a handle stands for a key. Whoever guessed or overheard one
 * must not be able to use it, so it is 128 bits of the kernel's randomness and good for its uid
 * only.
 *
 * Why a digest stands for the settings: it tells equal connects, and unchanged profiles of a
 * reload, without keeping a second copy of a key.
 */
#include "profiles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "fault.h"

void dpd_profiles_init(dpd_profiles *profiles, dp_client *client, const uint8_t hash_key[16]) {
  *profiles = (dpd_profiles){.client = client};
  memcpy(profiles->hash_key, hash_key, sizeof(profiles->hash_key));
  dpd_list_init(&profiles->configured);
  dpd_list_init(&profiles->handles);
}

static void free_entry(dpd_profile_entry *entry) {
  dp_profile_unref(entry->profile);
  free(entry->base_url);
  free(entry);
}

static void remove_entry(dpd_profiles *profiles, dpd_profile_entry *entry) {
  dpd_map_remove(&profiles->names, &entry->node);
  dpd_list_remove(&entry->all);
  free_entry(entry);
}

static void clear_list(dpd_profiles *profiles, dpd_list *list) {
  dpd_node *node;
  while ((node = dpd_list_first(list)) != NULL) {
    remove_entry(profiles, DPD_CONTAINER(node, dpd_profile_entry, all));
  }
}

void dpd_profiles_clear(dpd_profiles *profiles) {
  clear_list(profiles, &profiles->configured);
  clear_list(profiles, &profiles->handles);
  dpd_map_clear(&profiles->names);
}

static uint64_t hash_of(const dpd_profiles *profiles, const char *name) {
  return dpd_hash(profiles->hash_key, name, strlen(name));
}

static dpd_profile_entry *look_up(const dpd_profiles *profiles, const char *name) {
  dpd_map_node *node = dpd_map_first(&profiles->names, hash_of(profiles, name));
  for (; node != NULL; node = dpd_map_next(node)) {
    dpd_profile_entry *entry = DPD_CONTAINER(node, dpd_profile_entry, node);
    if (strcmp(entry->name, name) == 0) {
      return entry;
    }
  }
  return NULL;
}

static dpd_profile_entry *new_entry(dpd_profiles *profiles, const char *name, const dpd_spec *spec,
                                    dp_error *err) {
  dpd_profile_entry *entry = calloc(1, sizeof(*entry));
  if (entry == NULL || (entry->base_url = strdup(spec->options.base_url)) == NULL) {
    free(entry);
    dpd_fault(err, DP_INTERNAL, "memory", "There is no memory for a profile.");
    return NULL;
  }
  snprintf(entry->name, sizeof(entry->name), "%s", name);
  dpd_list_init(&entry->all);
  entry->digest = dpd_spec_digest(spec, profiles->hash_key);
  if (dp_profile_new(profiles->client, &spec->options, &entry->profile, err) != DP_OK) {
    free_entry(entry);
    return NULL;
  }
  return entry;
}

static bool insert(dpd_profiles *profiles, dpd_profile_entry *entry, dpd_list *list,
                   dp_error *err) {
  if (!dpd_map_insert(&profiles->names, &entry->node, hash_of(profiles, entry->name))) {
    free_entry(entry);
    return dpd_fault(err, DP_INTERNAL, "memory", "There is no memory for a profile.");
  }
  dpd_list_append(list, &entry->all);
  return true;
}

static bool unchanged(const dpd_profiles *profiles, const dpd_profile_entry *entry,
                      const dpd_config_profile *wanted) {
  dpd_digest digest = dpd_spec_digest(&wanted->spec, profiles->hash_key);
  return memcmp(&digest, &entry->digest, sizeof(digest)) == 0;
}

/* New entries for what is new or changed, in fresh; not in the table yet. */
static bool make_fresh(dpd_profiles *profiles, const dpd_config *config, dpd_list *fresh,
                       dp_error *err) {
  for (size_t i = 0; i < config->profile_count; i++) {
    const dpd_config_profile *wanted = &config->profiles[i];
    const dpd_profile_entry *have = look_up(profiles, wanted->name);
    if (have != NULL && unchanged(profiles, have, wanted)) {
      continue;
    }
    dp_error inner;
    dpd_profile_entry *entry = new_entry(profiles, wanted->name, &wanted->spec, &inner);
    if (entry == NULL) {
      dpd_fault(err, inner.kind, inner.code, "[profile %s]: %s", wanted->name, inner.message);
      return dpd_fault_hint(err, "%s", inner.hint);
    }
    dpd_list_append(fresh, &entry->all);
  }
  return true;
}

static bool still_wanted(const dpd_profiles *profiles, const dpd_config *config,
                         const dpd_profile_entry *entry) {
  for (size_t i = 0; i < config->profile_count; i++) {
    if (strcmp(config->profiles[i].name, entry->name) == 0) {
      return unchanged(profiles, entry, &config->profiles[i]);
    }
  }
  return false;
}

static void remove_unwanted(dpd_profiles *profiles, const dpd_config *config) {
  dpd_list kept;
  dpd_list_init(&kept);
  dpd_node *node;
  while ((node = dpd_list_first(&profiles->configured)) != NULL) {
    dpd_profile_entry *entry = DPD_CONTAINER(node, dpd_profile_entry, all);
    if (still_wanted(profiles, config, entry)) {
      dpd_list_remove(node);
      dpd_list_append(&kept, node);
    } else {
      remove_entry(profiles, entry);
    }
  }
  dpd_list_move(&profiles->configured, &kept);
}

bool dpd_profiles_configure(dpd_profiles *profiles, const dpd_config *config, dp_error *err) {
  dpd_list fresh;
  dpd_list_init(&fresh);
  bool made = make_fresh(profiles, config, &fresh, err);
  if (made) {
    remove_unwanted(profiles, config);
  }
  dpd_node *node;
  while ((node = dpd_list_first(&fresh)) != NULL) {
    dpd_profile_entry *entry = DPD_CONTAINER(node, dpd_profile_entry, all);
    dpd_list_remove(node);
    if (!made) {
      free_entry(entry);
    } else if (!insert(profiles, entry, &profiles->configured, err)) {
      return false;
    }
  }
  const dpd_config_profile *by_default = dpd_config_default(config);
  if (made) {
    snprintf(profiles->default_name, sizeof(profiles->default_name), "%s",
             by_default != NULL ? by_default->name : "");
  }
  return made;
}

const dpd_profile_entry *dpd_profiles_find(const dpd_profiles *profiles, const char *name,
                                           uint32_t uid, dp_error *err) {
  const char *wanted = name[0] != '\0' ? name : profiles->default_name;
  if (wanted[0] == '\0') {
    dpd_fault(err, DP_NOT_FOUND, "no_such_profile",
              "The request names no profile, and the service has no default one.");
    dpd_fault_hint(err, "Connect with a base URL and a key of your own (service.connect), or add a "
                        "[profile default] to the service's config.");
    return NULL;
  }
  const dpd_profile_entry *entry = look_up(profiles, wanted);
  if (entry == NULL || (entry->handle && entry->owner != uid)) {
    dpd_fault(err, DP_NOT_FOUND, "no_such_profile", "There is no profile \"%s\".", wanted);
    dpd_fault_hint(err, "A handle ends with the service, and ten minutes after its user's last "
                        "connection: connect again.");
    return NULL;
  }
  return entry;
}

static const dpd_profile_entry *same_settings(const dpd_profiles *profiles, uint32_t uid,
                                              const dpd_digest *digest) {
  for (dpd_node *n = profiles->handles.next; n != &profiles->handles; n = n->next) {
    const dpd_profile_entry *entry = DPD_CONTAINER(n, dpd_profile_entry, all);
    if (entry->owner == uid && memcmp(&entry->digest, digest, sizeof(*digest)) == 0) {
      return entry;
    }
  }
  return NULL;
}

static bool random_name(char out[33]) {
  uint8_t bytes[16];
  if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
    return false;
  }
  for (size_t i = 0; i < sizeof(bytes); i++) {
    snprintf(out + 2 * i, 3, "%02x", bytes[i]);
  }
  return true;
}

const dpd_profile_entry *dpd_profiles_connect(dpd_profiles *profiles, dpd_user *user,
                                              const dpd_spec *spec, size_t per_user,
                                              dp_error *err) {
  dpd_digest digest = dpd_spec_digest(spec, profiles->hash_key);
  const dpd_profile_entry *have = same_settings(profiles, user->uid, &digest);
  if (have != NULL) {
    return have;
  }
  char name[33];
  if (user->handles >= per_user) {
    dpd_fault(err, DP_BUSY, "profiles_per_user", "This user holds %zu handles already.",
              user->handles);
    dpd_fault_hint(err, "Connect with the same settings to share a handle, or raise "
                        "profiles_per_user.");
    return NULL;
  }
  if (!random_name(name)) {
    dpd_fault(err, DP_INTERNAL, "random", "The kernel gives no random bytes: %s.", strerror(errno));
    return NULL;
  }
  dpd_profile_entry *entry = new_entry(profiles, name, spec, err);
  if (entry == NULL) {
    return NULL;
  }
  entry->handle = true;
  entry->owner = user->uid;
  if (!insert(profiles, entry, &profiles->handles, err)) {
    return NULL;
  }
  user->handles++;
  return entry;
}

bool dpd_profiles_knows(const dpd_profiles *profiles, const char *base_url) {
  for (dpd_node *n = profiles->configured.next; n != &profiles->configured; n = n->next) {
    if (dpd_url_same(DPD_CONTAINER(n, dpd_profile_entry, all)->base_url, base_url)) {
      return true;
    }
  }
  return false;
}

void dpd_profiles_expire(dpd_profiles *profiles, dpd_peers *peers, int64_t now_ms) {
  dpd_node *next;
  for (dpd_node *n = profiles->handles.next; n != &profiles->handles; n = next) {
    next = n->next;
    dpd_profile_entry *entry = DPD_CONTAINER(n, dpd_profile_entry, all);
    dpd_user *user = dpd_peers_user(peers, entry->owner);
    if (user != NULL && (user->connections > 0 || now_ms - user->gone_ms < DPD_HANDLE_KEEP_MS)) {
      continue;
    }
    remove_entry(profiles, entry);
    if (user != NULL) {
      user->handles--;
      dpd_peers_forget_user(peers, user);
    }
  }
}
