// A .tflite file as plain structures, and plain structures as a .tflite file.
//
// Reading: ctflite_open verifies once; after that every function may follow any offset of the file. Nothing is copied:
// spans point into the file's bytes, which must stay. They may be unaligned.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Elements of a vector or bytes of a string; start is NULL when the file has none.
typedef struct {
  const void *start;
  size_t count;
} ctflite_span;

// An options table without its field names: numbers, reals, list and texts in the order of the schema's fields.
typedef struct {
  uint8_t union_id;
  // Whether the file has a table; writing needs none for union_id 0.
  bool is_present;
  int32_t numbers[7];
  float reals[2];
  ctflite_span list;  // of int32_t
  ctflite_span texts[2];
} ctflite_options;

typedef struct {
  uint32_t opcode_index;
  ctflite_span inputs, outputs, intermediates;  // of int32_t
  ctflite_span custom_options;
  bool has_large_custom_options;
  ctflite_options options;
} ctflite_operator;

typedef struct {
  ctflite_span name;
  ctflite_span shape;        // of int32_t
  ctflite_span scales;       // of float
  ctflite_span zero_points;  // of int64_t
  int32_t quantized_dimension;
  int8_t type;
  uint32_t buffer;
  uint32_t external_buffer;
  bool is_variable;
  bool is_sparse;
} ctflite_tensor;

typedef struct {
  ctflite_span name;
  ctflite_span inputs, outputs;  // of int32_t
  bool has_tensors, has_operators;
  size_t tensor_count, operator_count;
} ctflite_subgraph;

typedef struct {
  int8_t deprecated_code;
  int32_t code;
  int32_t version;
  ctflite_span custom_code;
} ctflite_opcode;

typedef struct {
  ctflite_span data;
  uint64_t offset, size;
} ctflite_buffer;

typedef struct {
  ctflite_span name;
  uint32_t buffer;
} ctflite_metadata;

typedef struct {
  uint32_t version;
  ctflite_span description;
  bool has_subgraphs, has_buffers;
  size_t subgraph_count, opcode_count, buffer_count, metadata_count, external_buffer_count;
} ctflite_model;

// --- Reading

// The root of a sound file; NULL when any offset, length or string in it is wrong, or when it is nested or shared beyond
// reason.
const void *ctflite_open(const void *bytes, size_t count);
bool ctflite_has_identifier(const void *bytes, size_t count);

void ctflite_read_model(const void *root, ctflite_model *model);
// All of these return false for an element that the vector lists but that is no table.
bool ctflite_read_opcode(const void *root, size_t index, ctflite_opcode *opcode);
bool ctflite_read_buffer(const void *root, size_t index, ctflite_buffer *buffer);
bool ctflite_read_metadata(const void *root, size_t index, ctflite_metadata *metadata);
bool ctflite_read_subgraph(const void *root, size_t index, ctflite_subgraph *subgraph);
bool ctflite_read_tensor(const void *root, size_t subgraph, size_t index, ctflite_tensor *tensor);
bool ctflite_read_operator(const void *root, size_t subgraph, size_t index, ctflite_operator *op);

// --- Writing, from the inside out: buffers and opcodes, then each subgraph's tensors and operators, then its end.

typedef struct ctflite_builder ctflite_builder;

ctflite_builder *ctflite_builder_create(size_t expected_size);
void ctflite_builder_destroy(ctflite_builder *builder);

// The index of a buffer with these bytes: a new one, or one that was added before. No bytes are the empty buffer 0.
uint32_t ctflite_builder_buffer(ctflite_builder *builder, ctflite_span data);
void ctflite_builder_opcode(ctflite_builder *builder, const ctflite_opcode *opcode);
void ctflite_builder_tensor(ctflite_builder *builder, const ctflite_tensor *tensor);
void ctflite_builder_operator(ctflite_builder *builder, const ctflite_operator *op);
// Takes the tensors and operators that were added since the last subgraph.
void ctflite_builder_subgraph(ctflite_builder *builder, const ctflite_subgraph *subgraph);
void ctflite_builder_metadata(ctflite_builder *builder, const ctflite_metadata *metadata);
// One more name of the signature's inputs (or outputs) and the tensor it stands for.
void ctflite_builder_signature_port(ctflite_builder *builder, bool is_output, ctflite_span name, uint32_t tensor);
// The finished file, alive as long as the builder.
ctflite_span ctflite_builder_finish(ctflite_builder *builder, ctflite_span description, ctflite_span signature_key);

// --- The table of compressed constants, which is a file of its own inside the COMPRESSION_METADATA entry

typedef struct {
  uint32_t subgraph;
  int32_t tensor;
  uint32_t value_buffer;
  uint8_t index_bit_width;
} ctflite_compressed;

// The number of compressed tensors; -1 when the bytes are not such a table of the known version.
ptrdiff_t ctflite_compressed_count(const void *bytes, size_t count);
// The given one; the table must have been counted before.
void ctflite_read_compressed(const void *bytes, size_t index, ctflite_compressed *compressed);
// A table of all given entries, in order of their subgraphs, into memory that the builder owns.
ctflite_span ctflite_builder_compressed(
    ctflite_builder *builder, const ctflite_compressed *entries, size_t count, size_t subgraph_count);

#ifdef __cplusplus
}
#endif
