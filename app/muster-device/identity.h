/* The hardware and system that a simulated device claims to be: stable over its enrollments. */
#ifndef MUSTER_DEVICE_IDENTITY_H
#define MUSTER_DEVICE_IDENTITY_H

#include "settings.h"

#include <muster/base/arena.h>

#define IDENTITY_ADAPTERS 13 /* MAC addresses, virtual adapters included, as one capture has them */

struct identity {
	char device_id[33];   /* 32 upper-case hexadecimal digits */
	char hardware_id[65]; /* 64 */
	char name[16];	      /* computer name */
	char serial[13];
	char adapter[IDENTITY_ADAPTERS][18]; /* FF-FF-FF-FF-FF-FF */
};

/* A new device of random parts. */
void identity_new(struct identity *);

/*
 * The identity kept in directory/identity.json, made and kept there when there is none.
 * False with errno's text in error (size bytes) when the directory cannot be used.
 */
bool identity_load(const char *directory, struct identity *, char *error, size_t size);

/* A random version 4 GUID, lower case, as Windows' MessageIDs have. */
struct identity_guid {
	char text[37];
};
struct identity_guid identity_guid(void);

/* Versions of the simulated generation. */
const char *identity_os_version(enum windows);
const char *identity_client_version(enum windows);
const char *identity_request_version(const struct settings *);

#endif
