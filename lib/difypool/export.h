/* export.h - which symbols a program may use; everything else is hidden in the library. */
#ifndef DIFYPOOL_EXPORT_H
#define DIFYPOOL_EXPORT_H

#if defined(__GNUC__)
#define DP_EXPORT __attribute__((visibility("default")))
#else
#define DP_EXPORT
#endif

#endif
