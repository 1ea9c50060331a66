#ifndef STUB_TENSORFLOW_LITE_SCHEMA_SCHEMA_GENERATED_H_
#define STUB_TENSORFLOW_LITE_SCHEMA_SCHEMA_GENERATED_H_

namespace tflite {

class Model;

inline const Model* GetModel(const void* data) { return static_cast<const Model*>(data); }

}  // namespace tflite

#endif
