/* host.c - calls Batten programs for the bench as a C program would: binds a library, and times a loop of calls.
 * It reads the program's own description, so that a row needs nothing but names and sizes.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "runtime/batten.h"
#include <dlfcn.h>
#include <string.h>
#include <time.h>

static double now_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int64_t host_program_bytes(const batten_description *program) { return program->program_bytes; }
int64_t host_weight_count(const batten_description *program) { return program->weight_count; }
const char *host_weight_field(const batten_description *program, int64_t i) { return program->weights[i].field; }
const char *host_compiler(const batten_description *program) { return program->compiler; }

/* The description of the library at `path`, by its function `describe`; NULL where there is none. `seconds`: of
 * loading. */
const batten_description *host_load(const char *path, const char *describe, double *seconds) {
  const double begin = now_seconds();
  void *library = dlopen(path, RTLD_NOW);
  const batten_description *(*function)(void) = 0;
  if (library)
    *(void **)&function = dlsym(library, describe);
  *seconds = now_seconds() - begin;
  return function ? function() : NULL;
}

int host_bind(const batten_description *program, void *memory, const void *const *weights, const void **bound,
              double *seconds, batten_error *error) {
  const double begin = now_seconds();
  const int status = program->bind(memory, program->program_bytes, weights, bound, error);
  *seconds = now_seconds() - begin;
  return status;
}

const batten_entry *host_entry(const batten_description *program, const char *name) {
  for (int64_t i = 0; i < program->entry_count; ++i)
    if (!strcmp(program->entries[i].name, name))
      return &program->entries[i];
  return NULL;
}

/* Bytes for calls on this many threads. */
int64_t host_workspace(const batten_entry *entry, const int64_t *sizes, int64_t threads) {
  return entry->workspace(sizes) + (threads - 1) * entry->thread_bytes;
}

/* A pool for calls on several threads; NULL for one, or where the system gives no thread. */
batten_pool *host_pool(int32_t threads) {
  batten_pool *pool = NULL;
  batten_error error;
  if (threads > 1 && batten_pool_create(threads, &pool, &error))
    return NULL;
  return pool;
}

typedef struct host_call {
  const batten_entry *entry;
  const void *program;
  const int64_t *sizes;
  void *const *tensors;
  void *workspace;
  int64_t workspace_bytes;
  batten_pool *pool;
} host_call;

/* Seconds of `calls` calls, or -(status) of one that was refused. */
double host_time(const host_call *c, int64_t calls, batten_error *error) {
  const batten_call services = batten_pool_call(c->pool, error);
  int refused = 0;
  const double begin = now_seconds();
  for (int64_t i = 0; i < calls; ++i)
    refused |=
        c->entry->call(c->program, c->sizes, c->tensors, c->workspace, c->workspace_bytes, c->pool ? &services : NULL);
  const double seconds = now_seconds() - begin;
  if (!refused)
    return seconds;
  const batten_call spoken = {.size = sizeof(batten_call), .threads = 1, .error = error};
  return -c->entry->call(c->program, c->sizes, c->tensors, c->workspace, c->workspace_bytes, &spoken);
}
