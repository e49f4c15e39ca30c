/* profiles.h - the profiles that requests name: of the config, and handles of service.connect. */
#ifndef DPD_PROFILES_H
#define DPD_PROFILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <difypool/client.h>

#include "config.h"
#include "digest.h"
#include "list.h"
#include "map.h"
#include "peers.h"

enum { DPD_HANDLE_KEEP_MS = 600000 };

typedef struct dpd_profile_entry {
  dpd_map_node node; /* by name */
  dpd_node all;
  char name[65]; /* a handle's is 32 random hexadecimal digits */
  bool handle;
  uint32_t owner;    /* of a handle */
  dpd_digest digest; /* of its settings */
  char *base_url;
  dp_profile *profile; /* NULL while the engine does not take it; never in the table */
} dpd_profile_entry;

typedef struct dpd_profiles {
  dp_client *client;
  dpd_map names;
  dpd_list configured;
  dpd_list handles;
  char default_name[65]; /* "" = none */
  uint8_t hash_key[16];
} dpd_profiles;

void dpd_profiles_init(dpd_profiles *profiles, dp_client *client, const uint8_t hash_key[16]);
void dpd_profiles_clear(dpd_profiles *profiles);

/* dpd_profiles_configure - make the configured ones what config says. Those that are the same stay,
 * with what the pool has learnt of them. False: nothing changed, err says which profile is wrong.
 */
bool dpd_profiles_configure(dpd_profiles *profiles, const dpd_config *config, dp_error *err);

/* dpd_profiles_find - by name, "" = the default one; a handle only for its owner. NULL with err:
 * not_found, code no_such_profile. */
const dpd_profile_entry *dpd_profiles_find(const dpd_profiles *profiles, const char *name,
                                           uint32_t uid, dp_error *err);

/* dpd_profiles_connect - the user's handle for these settings: the one it has, or a new one. */
const dpd_profile_entry *dpd_profiles_connect(dpd_profiles *profiles, dpd_user *user,
                                              const dpd_spec *spec, size_t per_user, dp_error *err);

/* dpd_profiles_knows - whether a configured profile has this base URL. */
bool dpd_profiles_knows(const dpd_profiles *profiles, const char *base_url);

/* dpd_profiles_expire - drop the handles of users who have been away for DPD_HANDLE_KEEP_MS. */
void dpd_profiles_expire(dpd_profiles *profiles, dpd_peers *peers, int64_t now_ms);

#endif
