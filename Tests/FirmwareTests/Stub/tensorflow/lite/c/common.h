#ifndef STUB_TENSORFLOW_LITE_C_COMMON_H_
#define STUB_TENSORFLOW_LITE_C_COMMON_H_

#include <cstddef>
#include <cstdint>

enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 };

union TfLitePtrUnion {
  char* raw;
  std::int8_t* int8;
  float* f;
  void* data;
};

struct TfLiteTensor {
  TfLitePtrUnion data;
  std::size_t bytes;
};

struct TfLiteEvalTensor {
  TfLitePtrUnion data;
};

struct TfLiteContext {
  void* impl_;
  TfLiteEvalTensor* (*GetEvalTensor)(const TfLiteContext* context, int tensor_idx);
};

#endif
