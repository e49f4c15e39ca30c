/* completion_data.h - the completion scripts as strings; the .inc files are made of completions/.
 */
#ifndef CLI_COMPLETION_DATA_H
#define CLI_COMPLETION_DATA_H

static const char completion_bash[] =
#include "completion_bash.inc"
    ;

static const char completion_zsh[] =
#include "completion_zsh.inc"
    ;

#endif
