// Micro-kernels: the innermost loops of the tensor core, once per instruction set.
//
// Everything here obeys one rule: an output element is computed by one fixed sequence of operations, whatever the
// vector width, the tile size, the position at an edge or the number of threads. Sums of products are chains of
// fused multiply-adds in a documented order; sums of integers wrap around. So all kernel sets return the same bits.
#ifndef CKERNELS_H
#define CKERNELS_H

#include "depthwise.h"
#include "elementwise.h"
#include "gemm.h"
#include "int8.h"
#include "kernel_sets.h"
#include "pack.h"
#include "team.h"
#include "threads.h"
#include "window.h"
#include "winograd.h"

#endif
