// Closes the region that a `vector_*.h` opened.
#pragma clang attribute pop
