/* Why getopt_long: it is what people's fingers and shells' completions expect. */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "settings.h"
#include "transport.h"

static const char help[] =
    "difypoold - one pooled, careful Dify client for every program on this machine\n"
    "\n"
    "usage: difypoold [-c FILE] [--socket PATH] [options]\n"
    "\n"
    "  -c, --config FILE    read this config; else /etc/difypool/difypool.ini or\n"
    "                       $XDG_CONFIG_HOME/difypool/difypool.ini, if there is one\n"
    "      --socket PATH    listen there\n"
    "      --check          check the config, print what is in force, and end\n"
    "      --on-demand      be a private service: start unless one answers already, detach,\n"
    "                       end after ten minutes without a connection\n"
    "      --foreground     with --on-demand: do not detach\n"
    "      --idle-exit-ms N with --on-demand: end after so long without a connection\n"
    "      --log-level L    error, warning, info or debug\n"
    "      --log-json       log lines as JSON\n"
    "  -h, --help           this text\n"
    "  -V, --version        the version\n"
    "\n"
    "See man 8 difypoold, man 5 difypool.ini.\n";

enum { OPT_SOCKET = 256, OPT_CHECK, OPT_ON_DEMAND, OPT_FOREGROUND, OPT_IDLE, OPT_LEVEL, OPT_JSON };

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"socket", required_argument, NULL, OPT_SOCKET},
    {"check", no_argument, NULL, OPT_CHECK},
    {"on-demand", no_argument, NULL, OPT_ON_DEMAND},
    {"foreground", no_argument, NULL, OPT_FOREGROUND},
    {"idle-exit-ms", required_argument, NULL, OPT_IDLE},
    {"log-level", required_argument, NULL, OPT_LEVEL},
    {"log-json", no_argument, NULL, OPT_JSON},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static dpd_options_result wrong(const char *what, const char *allowed) {
  fprintf(stderr, "difypoold: %s; %s\n", what, allowed);
  return DPD_OPTIONS_WRONG;
}

static dpd_options_result take(dpd_options *out, int option) {
  uint64_t number;
  switch (option) {
  case 'c':
    out->config = optarg;
    break;
  case OPT_SOCKET:
    out->socket = strncmp(optarg, "ipc://", 6) == 0 ? optarg + 6 : optarg;
    break;
  case OPT_CHECK:
    out->check = true;
    break;
  case OPT_ON_DEMAND:
    out->on_demand = true;
    break;
  case OPT_FOREGROUND:
    out->foreground = true;
    break;
  case OPT_IDLE:
    if (!dpd_parse_number(optarg, 1, 86400000, &number)) {
      return wrong("--idle-exit-ms is no number of milliseconds", "allowed are 1 to 86400000");
    }
    out->idle_exit_ms = (uint32_t)number;
    break;
  case OPT_LEVEL:
    out->has_level = dpd_log_level_from(optarg, &out->level);
    if (!out->has_level) {
      return wrong("--log-level is unknown", "allowed are error, warning, info, debug");
    }
    break;
  case OPT_JSON:
    out->log_json = true;
    break;
  case 'h':
    fputs(help, stdout);
    return DPD_OPTIONS_DONE;
  case 'V':
    printf("difypoold %s (with libnng %s)\n", dp_version(), dpd_transport_libnng.version());
    return DPD_OPTIONS_DONE;
  default:
    return wrong("this command line is not understood", "see difypoold --help");
  }
  return DPD_OPTIONS_RUN;
}

dpd_options_result dpd_options_parse(dpd_options *out, int argc, char **argv) {
  *out = (dpd_options){0};
  int option;
  while ((option = getopt_long(argc, argv, "c:hV", long_options, NULL)) != -1) {
    dpd_options_result result = take(out, option);
    if (result != DPD_OPTIONS_RUN) {
      return result;
    }
  }
  if (optind < argc) {
    return wrong("there is an argument that belongs to no option", "see difypoold --help");
  }
  if (out->socket != NULL && out->socket[0] != '/') {
    return wrong("--socket must be an absolute path", "for instance /run/difypool/socket");
  }
  return DPD_OPTIONS_RUN;
}
