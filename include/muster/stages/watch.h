/*
 * What watches the server: load balancers ask /muster/health and /muster/ready, Prometheus /muster/metrics.
 * The latter two tell what not everybody should know: they are there only for requests that the web server
 * marks with the variable MUSTER_WATCH=on, for everybody else they do not exist.
 */
#ifndef MUSTER_STAGES_WATCH_H
#define MUSTER_STAGES_WATCH_H

#include <muster/stages/stages.h>

/* The service is one of the three: what they answer with success writes no line of the log. */
bool stage_is_watch(enum service);

/* Whoever asks may know. */
bool stage_may_watch(const struct exchange *);

/* 200 "ok": a worker is there and answers. Nothing else is looked at. */
enum outcome stage_health(struct exchange *);

/*
 * 200 when a device could enroll here, else 503, with a JSON object that says of database and issuers what is
 * missing. A standby database is ready: discovery answers.
 */
enum outcome stage_ready(struct exchange *);

/*
 * The pool's figures in Prometheus' text format 0.0.4, and what the database knows; without a database
 * muster_database_up is 0 and the rest is there all the same.
 */
enum outcome stage_metrics(struct exchange *);

/* The name of a service in log, record and metrics. */
const char *stage_name(enum service);

#endif
