// Every options table in terms of ctflite_options, both ways.
#pragma once
#include "ctflite.h"
#include "edgeopt_tflite_generated.h"

namespace ctflite {

namespace fbs = edgeopt::tflite;

template <typename Element>
ctflite_span span(const flatbuffers::Vector<Element> *vector) {
  if (!vector) return {nullptr, 0};
  return {vector->Data(), vector->size()};
}

inline ctflite_span span(const flatbuffers::String *text) {
  if (!text) return {nullptr, 0};
  return {text->Data(), text->size()};
}

// Reads the table of an operator; what this file does not know has its number alone.
ctflite_options read_options(const fbs::Operator *op);

// Writes a table, with no fields where this file does not know it.
flatbuffers::Offset<void> write_options(flatbuffers::FlatBufferBuilder &builder, const ctflite_options &options);

}  // namespace ctflite
