#ifndef STUB_TENSORFLOW_LITE_MICRO_MICRO_INTERPRETER_H_
#define STUB_TENSORFLOW_LITE_MICRO_MICRO_INTERPRETER_H_

#include <cstring>
#include <vector>

#include "tensorflow/lite/c/common.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/micro/micro_profiler_interface.h"
#include "tensorflow/lite/schema/schema_generated.h"

namespace stub {

// What an operator writes in an invocation.
struct Write {
  int invocation;
  int operator_index;
  int tensor;
  std::vector<unsigned char> bytes;
};

// The model that the fake interpreter plays.
struct Script {
  std::vector<std::size_t> tensor_bytes;
  std::vector<int> inputs;
  std::vector<int> outputs;
  int operators = 0;
  std::vector<Write> writes;
  std::size_t least_arena = 0;
  bool has_profiler = true;
};

// Defined by the test.
Script& TheScript();

}  // namespace stub

namespace tflite {

class MicroResourceVariables;

class MicroInterpreter {
 public:
  MicroInterpreter(const Model*, const MicroOpResolver&, std::uint8_t*, std::size_t arena_bytes,
                   MicroResourceVariables* = nullptr, MicroProfilerInterface* profiler = nullptr, bool = false)
      : script_(stub::TheScript()), arena_bytes_(arena_bytes), profiler_(profiler) {
    for (std::size_t bytes : script_.tensor_bytes) memory_.emplace_back(bytes);
    tensors_.resize(memory_.size());
    ports_.resize(memory_.size());
    for (std::size_t index = 0; index < memory_.size(); ++index) {
      tensors_[index].data.data = memory_[index].data();
      ports_[index].data.data = memory_[index].data();
      ports_[index].bytes = memory_[index].size();
    }
    context_.impl_ = this;
    context_.GetEvalTensor = [](const TfLiteContext* context, int tensor) {
      return &static_cast<MicroInterpreter*>(context->impl_)->tensors_[static_cast<std::size_t>(tensor)];
    };
  }

  TfLiteStatus AllocateTensors() { return arena_bytes_ < script_.least_arena ? kTfLiteError : kTfLiteOk; }
  TfLiteStatus Reset() { return kTfLiteOk; }
  TfLiteTensor* input(std::size_t index) { return &ports_[static_cast<std::size_t>(script_.inputs.at(index))]; }
  TfLiteTensor* output(std::size_t index) { return &ports_[static_cast<std::size_t>(script_.outputs.at(index))]; }

  TfLiteStatus Invoke() {
    for (int index = 0; index < script_.operators; ++index) {
      const bool is_watched = profiler_ != nullptr && script_.has_profiler;
      const std::uint32_t event = is_watched ? profiler_->BeginEvent("operator") : 0;
      for (const stub::Write& write : script_.writes) {
        if (write.invocation != invocation_ || write.operator_index != index) continue;
        std::vector<unsigned char>& memory = memory_[static_cast<std::size_t>(write.tensor)];
        memory = write.bytes;
        tensors_[static_cast<std::size_t>(write.tensor)].data.data = memory.data();
        ports_[static_cast<std::size_t>(write.tensor)].data.data = memory.data();
      }
      if (is_watched) profiler_->EndEvent(event);
    }
    ++invocation_;
    return kTfLiteOk;
  }

 protected:
  const TfLiteContext& context() const { return context_; }

 private:
  stub::Script& script_;
  std::size_t arena_bytes_;
  MicroProfilerInterface* profiler_;
  TfLiteContext context_ = {};
  std::vector<std::vector<unsigned char>> memory_;
  std::vector<TfLiteEvalTensor> tensors_;
  std::vector<TfLiteTensor> ports_;
  int invocation_ = 0;
};

}  // namespace tflite

#endif
