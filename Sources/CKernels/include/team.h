// A team of threads that stays together over many short parallel loops.
//
// Waking a sleeping thread takes longer than many layers of a small model. So while a team is together, its helpers
// wait for the next loop awake. Which thread computes which range changes nothing about the results.
#ifndef CKERNELS_TEAM_H
#define CKERNELS_TEAM_H

#include <stddef.h>

struct team;

/// Computes one range of a loop.
typedef void team_work(void *_Nonnull context, size_t range, size_t thread);

struct team *_Nonnull team_create(void);
void team_destroy(struct team *_Nonnull team);

/// The leader: computes `ranges` ranges together with the helpers that are there, and returns when all are done.
void team_run(struct team *_Nonnull team, size_t ranges, team_work *_Nonnull work, void *_Nonnull context);

/// The leader: lets the helpers go.
void team_end(struct team *_Nonnull team);

/// A helper, number `thread` (from 1): takes part in loops until the team ends.
void team_help(struct team *_Nonnull team, size_t thread);

#endif
