/*
 * id.h - names that nobody else has: run ids and trace ids.
 */
#ifndef QUIRE_BASE_ID_H
#define QUIRE_BASE_ID_H

/* A UUID version 7 (RFC 9562 5.7), lower case, for now_ms; 36 and a NUL. */
#define ID_SIZE 37
/*
 * Ids made by one process sort in the order they were made: the bits behind
 * the time hold a counter (method 1 of RFC 9562 6.2) kept in *counter, which
 * starts at 0 and belongs to the caller. Where now_ms goes back, so do they:
 * the order of runs is never taken from ids.
 */
void id_new(char out[ID_SIZE], long long now_ms, unsigned *counter);

/* A W3C Trace Context traceparent, version 00, sampled; 55 and a NUL. */
#define TRACE_SIZE 56
void id_traceparent(char out[TRACE_SIZE]);

/* Whether s could be the start of a run id: 4 to 36 of 0-9 a-f -. */
int id_is_prefix(const char *s);

#endif
