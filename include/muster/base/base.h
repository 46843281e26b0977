/*
 * The first header everyone includes: standard types, attributes, and a ban on
 * what is too easy to misuse.
 */
#ifndef MUSTER_BASE_BASE_H
#define MUSTER_BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The compiler checks a format string against its arguments; both count from 1. */
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

/* Run a function on the variable's address when its scope ends: for handles of other libraries. */
#define CLEANUP(function) __attribute__((cleanup(function)))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* snprintf, strdup into an arena, and clock.h instead. (sprintf: glibc's macro where clang fortifies.) */
#undef sprintf
#pragma GCC poison strcpy strcat sprintf vsprintf strncpy strncat strtok gmtime localtime ctime asctime gets

#endif
