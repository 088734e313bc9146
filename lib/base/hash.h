/*
 * hash.h - a digest that tells two contents apart, for entity tags.
 *
 * It is no protection against somebody who looks for two contents with the
 * same one; nothing here depends on that.
 */
#ifndef QUIRE_BASE_HASH_H
#define QUIRE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Of size bytes; the same for the same bytes on every machine of one byte
 * order. Some 5 GB/s: it is computed for every page. */
uint64_t hash64(const void *data, size_t size);

#endif
