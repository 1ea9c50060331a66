#include <cstring>
#include <vector>

#include "options.h"
#include "tflm_compression_generated.h"

namespace fbs = edgeopt::tflite;
using flatbuffers::Offset;

struct ctflite_builder {
  explicit ctflite_builder(size_t expected_size) : flat(expected_size) {}

  flatbuffers::FlatBufferBuilder flat;
  std::vector<Offset<fbs::Buffer>> buffers;
  // The bytes of every buffer as they were given, with their hashes, for finding equal ones.
  std::vector<ctflite_span> contents;
  std::vector<uint64_t> hashes;
  std::vector<Offset<fbs::OperatorCode>> opcodes;
  std::vector<Offset<fbs::Tensor>> tensors;
  std::vector<Offset<fbs::Operator>> operators;
  std::vector<Offset<fbs::SubGraph>> subgraphs;
  std::vector<Offset<fbs::Metadata>> metadata;
  std::vector<Offset<fbs::TensorMap>> signature[2];
  // Payloads that were made here and must stay until the end.
  std::vector<std::vector<uint8_t>> payloads;
};

namespace {

uint64_t hash(ctflite_span data) {
  const auto *bytes = static_cast<const uint8_t *>(data.start);
  uint64_t value = 0xcbf29ce484222325u ^ data.count;
  size_t index = 0;
  for (; index + 8 <= data.count; index += 8) {
    uint64_t word;
    std::memcpy(&word, bytes + index, 8);
    value = (value ^ word) * 0x9e3779b97f4a7c15u;
    value ^= value >> 29;
  }
  for (; index < data.count; index++) value = (value ^ bytes[index]) * 0x100000001b3u;
  return value;
}

template <typename Element>
Offset<flatbuffers::Vector<Element>> vector(ctflite_builder *builder, ctflite_span elements) {
  if (!elements.start) return 0;
  return builder->flat.CreateVector(static_cast<const Element *>(elements.start), elements.count);
}

Offset<flatbuffers::String> text(ctflite_builder *builder, ctflite_span text) {
  if (!text.start) return 0;
  return builder->flat.CreateString(static_cast<const char *>(text.start), text.count);
}

}  // namespace

ctflite_builder *ctflite_builder_create(size_t expected_size) {
  auto *builder = new ctflite_builder(expected_size);
  builder->buffers.push_back(fbs::CreateBuffer(builder->flat));
  builder->contents.push_back({nullptr, 0});
  builder->hashes.push_back(0);
  return builder;
}

void ctflite_builder_destroy(ctflite_builder *builder) { delete builder; }

uint32_t ctflite_builder_buffer(ctflite_builder *builder, ctflite_span data) {
  if (data.count == 0) return 0;
  const uint64_t fingerprint = hash(data);
  for (size_t index = 1; index < builder->contents.size(); index++) {
    const auto &known = builder->contents[index];
    if (builder->hashes[index] == fingerprint && known.count == data.count &&
        std::memcmp(known.start, data.start, data.count) == 0) {
      return static_cast<uint32_t>(index);
    }
  }
  builder->flat.ForceVectorAlignment(data.count, 1, 16);
  const auto bytes = builder->flat.CreateVector(static_cast<const uint8_t *>(data.start), data.count);
  builder->buffers.push_back(fbs::CreateBuffer(builder->flat, bytes));
  builder->contents.push_back(data);
  builder->hashes.push_back(fingerprint);
  return static_cast<uint32_t>(builder->buffers.size() - 1);
}

void ctflite_builder_opcode(ctflite_builder *builder, const ctflite_opcode *opcode) {
  const auto custom = text(builder, opcode->custom_code);
  builder->opcodes.push_back(
      fbs::CreateOperatorCode(builder->flat, opcode->deprecated_code, custom, opcode->version, opcode->code));
}

void ctflite_builder_tensor(ctflite_builder *builder, const ctflite_tensor *tensor) {
  const auto name = text(builder, tensor->name);
  const auto shape = vector<int32_t>(builder, tensor->shape);
  Offset<fbs::QuantizationParameters> quantization = 0;
  if (tensor->scales.count > 0) {
    const auto scales = vector<float>(builder, tensor->scales);
    const auto zero_points = vector<int64_t>(builder, tensor->zero_points);
    quantization = fbs::CreateQuantizationParameters(
        builder->flat, 0, 0, scales, zero_points, 0, 0, tensor->quantized_dimension);
  }
  builder->tensors.push_back(fbs::CreateTensor(
      builder->flat, shape, tensor->type, tensor->buffer, name, quantization, tensor->is_variable));
}

void ctflite_builder_operator(ctflite_builder *builder, const ctflite_operator *op) {
  const auto inputs = vector<int32_t>(builder, op->inputs);
  const auto outputs = vector<int32_t>(builder, op->outputs);
  const auto intermediates = vector<int32_t>(builder, op->intermediates);
  const auto custom = vector<uint8_t>(builder, op->custom_options);
  const auto options = ctflite::write_options(builder->flat, op->options);
  builder->operators.push_back(fbs::CreateOperator(
      builder->flat, op->opcode_index, inputs, outputs, static_cast<fbs::BuiltinOptions>(op->options.union_id), options,
      custom, 0, 0, intermediates));
}

void ctflite_builder_subgraph(ctflite_builder *builder, const ctflite_subgraph *subgraph) {
  const auto name = text(builder, subgraph->name);
  const auto inputs = vector<int32_t>(builder, subgraph->inputs);
  const auto outputs = vector<int32_t>(builder, subgraph->outputs);
  const auto tensors = builder->flat.CreateVector(builder->tensors);
  const auto operators = builder->flat.CreateVector(builder->operators);
  builder->subgraphs.push_back(
      fbs::CreateSubGraph(builder->flat, tensors, inputs, outputs, operators, name));
  builder->tensors.clear();
  builder->operators.clear();
}

void ctflite_builder_metadata(ctflite_builder *builder, const ctflite_metadata *metadata) {
  const auto name = text(builder, metadata->name);
  builder->metadata.push_back(fbs::CreateMetadata(builder->flat, name, metadata->buffer));
}

void ctflite_builder_signature_port(ctflite_builder *builder, bool is_output, ctflite_span name, uint32_t tensor) {
  const auto text_offset = text(builder, name);
  builder->signature[is_output ? 1 : 0].push_back(fbs::CreateTensorMap(builder->flat, text_offset, tensor));
}

ctflite_span ctflite_builder_finish(ctflite_builder *builder, ctflite_span description, ctflite_span signature_key) {
  auto &flat = builder->flat;
  Offset<flatbuffers::Vector<Offset<fbs::SignatureDef>>> signatures = 0;
  if (signature_key.start) {
    const auto inputs = flat.CreateVector(builder->signature[0]);
    const auto outputs = flat.CreateVector(builder->signature[1]);
    const auto key = text(builder, signature_key);
    const auto signature = fbs::CreateSignatureDef(flat, inputs, outputs, key);
    signatures = flat.CreateVector(&signature, 1);
  }
  const auto description_offset = text(builder, description);
  const auto opcodes = flat.CreateVector(builder->opcodes);
  const auto subgraphs = flat.CreateVector(builder->subgraphs);
  const auto buffers = flat.CreateVector(builder->buffers);
  Offset<flatbuffers::Vector<Offset<fbs::Metadata>>> metadata = 0;
  if (!builder->metadata.empty()) metadata = flat.CreateVector(builder->metadata);
  const auto model =
      fbs::CreateModel(flat, 3, opcodes, subgraphs, description_offset, buffers, 0, metadata, signatures);
  // Also a file without constants is a multiple of 16 bytes.
  flat.ForceVectorAlignment(0, 1, 16);
  fbs::FinishModelBuffer(flat, model);
  return {flat.GetBufferPointer(), flat.GetSize()};
}

// --- Compressed constants

namespace compression = edgeopt::compression;

ptrdiff_t ctflite_compressed_count(const void *bytes, size_t count) {
  if (count < 8 || count >= FLATBUFFERS_MAX_BUFFER_SIZE) return -1;
  flatbuffers::Verifier verifier(static_cast<const uint8_t *>(bytes), count, 8, 1 << 20, false);
  if (!verifier.VerifyBuffer<compression::Metadata>(nullptr)) return -1;
  const auto *metadata = compression::GetMetadata(bytes);
  if (metadata->schema_version() > 1 || !metadata->subgraphs()) return -1;
  ptrdiff_t found = 0;
  for (const auto *subgraph : *metadata->subgraphs()) {
    if (!subgraph->lut_tensors() || subgraph->lut_tensors()->size() == 0) return -1;
    found += subgraph->lut_tensors()->size();
  }
  return found;
}

void ctflite_read_compressed(const void *bytes, size_t index, ctflite_compressed *out) {
  uint32_t position = 0;
  for (const auto *subgraph : *compression::GetMetadata(bytes)->subgraphs()) {
    const auto *tensors = subgraph->lut_tensors();
    if (index < tensors->size()) {
      const auto *found = tensors->Get(static_cast<flatbuffers::uoffset_t>(index));
      *out = {position, found->tensor(), found->value_buffer(), found->index_bitwidth()};
      return;
    }
    index -= tensors->size();
    position++;
  }
}

ctflite_span ctflite_builder_compressed(
    ctflite_builder *builder, const ctflite_compressed *entries, size_t count, size_t subgraph_count) {
  flatbuffers::FlatBufferBuilder flat;
  std::vector<Offset<compression::Subgraph>> subgraphs;
  size_t next = 0;
  for (size_t position = 0; position < subgraph_count; position++) {
    std::vector<Offset<compression::LutTensor>> tensors;
    for (; next < count && entries[next].subgraph == position; next++) {
      tensors.push_back(compression::CreateLutTensor(
          flat, entries[next].tensor, entries[next].value_buffer, entries[next].index_bit_width));
    }
    const auto list = flat.CreateVector(tensors);
    subgraphs.push_back(compression::CreateSubgraph(flat, list));
  }
  const auto list = flat.CreateVector(subgraphs);
  flat.Finish(compression::CreateMetadata(flat, 1, list));
  builder->payloads.emplace_back(flat.GetBufferPointer(), flat.GetBufferPointer() + flat.GetSize());
  return {builder->payloads.back().data(), builder->payloads.back().size()};
}
