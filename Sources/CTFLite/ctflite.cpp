#include "ctflite.h"

#include "options.h"

namespace fbs = edgeopt::tflite;
using ctflite::span;

namespace {

// Deeper than any table of the schema stands, and more tables than any model for a microcontroller has: a small file
// may list the same table again and again.
constexpr flatbuffers::uoffset_t max_depth = 16;
constexpr flatbuffers::uoffset_t max_tables = 1 << 18;

const fbs::Model *model_of(const void *root) { return static_cast<const fbs::Model *>(root); }

template <typename Table>
size_t count(const flatbuffers::Vector<flatbuffers::Offset<Table>> *tables) {
  return tables ? tables->size() : 0;
}

template <typename Table>
const Table *element(const flatbuffers::Vector<flatbuffers::Offset<Table>> *tables, size_t index) {
  return tables && index < tables->size() ? tables->Get(static_cast<flatbuffers::uoffset_t>(index)) : nullptr;
}

}  // namespace

bool ctflite_has_identifier(const void *bytes, size_t count) {
  return count >= 8 && flatbuffers::BufferHasIdentifier(bytes, fbs::ModelIdentifier());
}

const void *ctflite_open(const void *bytes, size_t count) {
  if (count < 8 || count >= FLATBUFFERS_MAX_BUFFER_SIZE) return nullptr;
  // Files of other makers may be unaligned; everything is read with unaligned loads.
  flatbuffers::Verifier verifier(static_cast<const uint8_t *>(bytes), count, max_depth, max_tables, false);
  // TensorFlow Lite Micro does not look at the identifier.
  if (!verifier.VerifyBuffer<fbs::Model>(nullptr)) return nullptr;
  return fbs::GetModel(bytes);
}

void ctflite_read_model(const void *root, ctflite_model *out) {
  const auto *model = model_of(root);
  *out = {};
  out->version = model->version();
  out->description = span(model->description());
  out->has_subgraphs = model->subgraphs();
  out->has_buffers = model->buffers();
  out->subgraph_count = count(model->subgraphs());
  out->opcode_count = count(model->operator_codes());
  out->buffer_count = count(model->buffers());
  out->metadata_count = count(model->metadata());
  out->external_buffer_count = count(model->external_buffers());
}

bool ctflite_read_opcode(const void *root, size_t index, ctflite_opcode *out) {
  const auto *opcode = element(model_of(root)->operator_codes(), index);
  if (!opcode) return false;
  *out = {opcode->deprecated_builtin_code(), opcode->builtin_code(), opcode->version(), span(opcode->custom_code())};
  return true;
}

bool ctflite_read_buffer(const void *root, size_t index, ctflite_buffer *out) {
  const auto *buffer = element(model_of(root)->buffers(), index);
  if (!buffer) return false;
  *out = {span(buffer->data()), buffer->offset(), buffer->size()};
  return true;
}

bool ctflite_read_metadata(const void *root, size_t index, ctflite_metadata *out) {
  const auto *metadata = element(model_of(root)->metadata(), index);
  if (!metadata) return false;
  *out = {span(metadata->name()), metadata->buffer()};
  return true;
}

bool ctflite_read_subgraph(const void *root, size_t index, ctflite_subgraph *out) {
  const auto *subgraph = element(model_of(root)->subgraphs(), index);
  if (!subgraph) return false;
  *out = {};
  out->name = span(subgraph->name());
  out->inputs = span(subgraph->inputs());
  out->outputs = span(subgraph->outputs());
  out->has_tensors = subgraph->tensors();
  out->has_operators = subgraph->operators();
  out->tensor_count = count(subgraph->tensors());
  out->operator_count = count(subgraph->operators());
  return true;
}

bool ctflite_read_tensor(const void *root, size_t subgraph, size_t index, ctflite_tensor *out) {
  const auto *parent = element(model_of(root)->subgraphs(), subgraph);
  const auto *tensor = parent ? element(parent->tensors(), index) : nullptr;
  if (!tensor) return false;
  *out = {};
  out->name = span(tensor->name());
  out->shape = span(tensor->shape());
  out->type = tensor->type();
  out->buffer = tensor->buffer();
  out->external_buffer = tensor->external_buffer();
  out->is_variable = tensor->is_variable();
  out->is_sparse = tensor->sparsity();
  if (const auto *quantization = tensor->quantization()) {
    out->scales = span(quantization->scale());
    out->zero_points = span(quantization->zero_point());
    out->quantized_dimension = quantization->quantized_dimension();
  }
  return true;
}

bool ctflite_read_operator(const void *root, size_t subgraph, size_t index, ctflite_operator *out) {
  const auto *parent = element(model_of(root)->subgraphs(), subgraph);
  const auto *op = parent ? element(parent->operators(), index) : nullptr;
  if (!op) return false;
  *out = {};
  out->opcode_index = op->opcode_index();
  out->inputs = span(op->inputs());
  out->outputs = span(op->outputs());
  out->intermediates = span(op->intermediates());
  out->custom_options = span(op->custom_options());
  out->has_large_custom_options = op->large_custom_options_size() != 0;
  out->options = ctflite::read_options(op);
  return true;
}
