#include "team.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "threads.h"

/// One loop. It lives on the leader's stack; the leader leaves only when nobody looks at it any more.
struct loop {
  team_work *work;
  void *context;
  size_t ranges;
  atomic_size_t next, done;
};

struct team {
  _Atomic(struct loop *) loop;
  /// Counts loops, so that a helper joins each one once.
  atomic_size_t number;
  /// Helpers that may look at `loop`.
  atomic_size_t visitors;
  atomic_bool ended;
};

static void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

struct team *team_create(void) {
  struct team *team = malloc(sizeof *team);
  if (!team) abort();
  atomic_init(&team->loop, NULL);
  atomic_init(&team->number, 0);
  atomic_init(&team->visitors, 0);
  atomic_init(&team->ended, false);
  return team;
}

void team_destroy(struct team *team) { free(team); }

static void take_ranges(struct loop *loop, size_t thread) {
  for (;;) {
    const size_t range = atomic_fetch_add(&loop->next, 1);
    if (range >= loop->ranges) return;
    loop->work(loop->context, range, thread);
    atomic_fetch_add(&loop->done, 1);
  }
}

void team_run(struct team *team, size_t ranges, team_work *work, void *context) {
  struct loop loop = {.work = work, .context = context, .ranges = ranges};
  atomic_init(&loop.next, 0);
  atomic_init(&loop.done, 0);
  atomic_store(&team->loop, &loop);
  atomic_fetch_add(&team->number, 1);
  thread_set_inside_loop(true);
  take_ranges(&loop, 0);
  thread_set_inside_loop(false);
  // All ranges are taken. A helper that comes from here on finds no loop; wait for those that are inside.
  atomic_store(&team->loop, NULL);
  for (size_t waits = 0; atomic_load(&team->visitors) > 0 || atomic_load(&loop.done) < ranges; waits++) {
    pause_briefly();
    // More threads than cores: let the helper have this one.
    if (waits % 1024 == 1023) sched_yield();
  }
}

void team_end(struct team *team) { atomic_store(&team->ended, true); }

/// Waits awake at first, then with more and more sleep.
static void wait_for_work(size_t waits) {
  enum { awake = 1 << 13, yielding = awake + (1 << 7) };
  if (waits < awake) {
    pause_briefly();
  } else if (waits < yielding) {
    sched_yield();
  } else {
    const struct timespec nap = {0, 50000};
    nanosleep(&nap, NULL);
  }
}

void team_help(struct team *team, size_t thread) {
  size_t seen = 0, waits = 0;
  thread_set_inside_loop(true);
  while (!atomic_load(&team->ended)) {
    const size_t number = atomic_load(&team->number);
    if (number == seen) {
      wait_for_work(waits++);
      continue;
    }
    seen = number;
    waits = 0;
    atomic_fetch_add(&team->visitors, 1);
    struct loop *loop = atomic_load(&team->loop);
    if (loop) take_ranges(loop, thread);
    atomic_fetch_sub(&team->visitors, 1);
  }
  thread_set_inside_loop(false);
}
