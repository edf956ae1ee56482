// A program to be traced by LTTng: three threads with bounded queues between them.
//
//   read ──queue──▶ parse (ten times slower) ──queue──▶ write
//
// traced_pipeline ITEMS PARSE_US OTHERS_US. It tells what each thread does, every item that is handed over, and every
// free place that is handed back to who waits for room.

#define _GNU_SOURCE
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "traced_pipeline.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { places = 4 };

// Counts something that one thread gives and another takes: items, or free places.
typedef struct {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int64_t given, taken;
  int64_t first_number;  // correlators are unique in the whole trace
  const char* message;
} tokens;

static void give(tokens* t) {
  pthread_mutex_lock(&t->mutex);
  lttng_ust_tracepoint(weir, message_sent, t->message, t->first_number + t->given);
  ++t->given;
  pthread_cond_signal(&t->changed);
  pthread_mutex_unlock(&t->mutex);
}

// Waits if there is nothing to take. The first places were always free.
static void take(tokens* t, const char* stage, int64_t free_from_start) {
  int waited = 0;
  pthread_mutex_lock(&t->mutex);
  while (t->taken >= t->given + free_from_start) {
    if (!waited) lttng_ust_tracepoint(weir, activity_start, "waiting", stage);
    waited = 1;
    pthread_cond_wait(&t->changed, &t->mutex);
  }
  const int64_t number = t->taken++ - free_from_start;
  pthread_mutex_unlock(&t->mutex);
  if (waited) lttng_ust_tracepoint(weir, activity_end, "waiting", stage);
  if (number >= 0) lttng_ust_tracepoint(weir, message_received, t->message, t->first_number + number);
}

static void work(const char* stage, int64_t length_us) {
  struct timespec begin, now;
  lttng_ust_tracepoint(weir, activity_start, "processing", stage);
  clock_gettime(CLOCK_MONOTONIC, &begin);
  do {
    clock_gettime(CLOCK_MONOTONIC, &now);
  } while ((now.tv_sec - begin.tv_sec) * 1000000 + (now.tv_nsec - begin.tv_nsec) / 1000 < length_us);
  lttng_ust_tracepoint(weir, activity_end, "processing", stage);
}

#define TOKENS(number, what) \
  { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, (int64_t)(number) << 32, what }
static tokens lines = TOKENS(1, "data-message"), line_places = TOKENS(2, "control-message");
static tokens results = TOKENS(3, "data-message"), result_places = TOKENS(4, "control-message");
static int64_t items, parse_us, others_us;

static void* read_lines(void* unused) {
  pthread_setname_np(pthread_self(), "reader");
  for (int64_t i = 0; i < items; ++i) {
    work("read", others_us);
    take(&line_places, "read", places);
    give(&lines);
  }
  return unused;
}

static void* parse_lines(void* unused) {
  pthread_setname_np(pthread_self(), "parser");
  for (int64_t i = 0; i < items; ++i) {
    take(&lines, "parse", 0);
    give(&line_places);
    work("parse", parse_us);
    take(&result_places, "parse", places);
    give(&results);
  }
  return unused;
}

static void* write_results(void* unused) {
  pthread_setname_np(pthread_self(), "writer");
  for (int64_t i = 0; i < items; ++i) {
    take(&results, "write", 0);
    give(&result_places);
    work("write", others_us);
    if ((i + 1) % 10 == 0) lttng_ust_tracepoint(weir, progress, (int)(i + 1));
  }
  return unused;
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  items = atoll(argv[1]);
  parse_us = atoll(argv[2]);
  others_us = atoll(argv[3]);
  pthread_t threads[3];
  void* (*const stages[3])(void*) = {read_lines, parse_lines, write_results};
  for (int i = 0; i < 3; ++i) {
    if (pthread_create(&threads[i], NULL, stages[i], NULL) != 0) return 1;
  }
  for (int i = 0; i < 3; ++i) pthread_join(threads[i], NULL);
  return 0;
}
