/* ca.h - the store of CAs, read before the first connection needs it. Internal, engine's thread. */
#ifndef DP_CA_H
#define DP_CA_H

#include <curl/curl.h>

#include "engine.h"

/* dp__ca_preload - have libcurl read and keep the store that this profile's connections will use,
 * if it can keep it and holds none yet. */
void dp__ca_preload(dp_profile *profile);
/* dp__ca_loaded - whether the handle that libcurl is done with was a preload; it is gone then. */
bool dp__ca_loaded(dp_client *client, CURL *easy);
/* dp__ca_forget - end a preload that is under way. */
void dp__ca_forget(dp_client *client);

#endif
