/*
 * difypool.h - everything of libdifypool.
 *
 *   dp_client_options options = DP_CLIENT_OPTIONS_INIT;
 *   options.base_url = "https://api.dify.ai/v1";
 *   options.api_key = key;
 *   dp_client *client;
 *   dp_error err;
 *   if (dp_client_new(&client, &options, &err) != DP_OK)
 *     fprintf(stderr, "%s %s\n", err.message, err.hint);
 */
#ifndef DIFYPOOL_DIFYPOOL_H
#define DIFYPOOL_DIFYPOOL_H

#include <difypool/args.h>
#include <difypool/call.h>
#include <difypool/client.h>
#include <difypool/error.h>
#include <difypool/exchange.h>
#include <difypool/flow.h>
#include <difypool/ops.h>
#include <difypool/push.h>
#include <difypool/stats.h>

#endif
