#ifndef STUB_TENSORFLOW_LITE_MICRO_MICRO_PROFILER_INTERFACE_H_
#define STUB_TENSORFLOW_LITE_MICRO_MICRO_PROFILER_INTERFACE_H_

#include <cstdint>

namespace tflite {

class MicroProfilerInterface {
 public:
  virtual ~MicroProfilerInterface() {}
  virtual std::uint32_t BeginEvent(const char* tag) = 0;
  virtual void EndEvent(std::uint32_t event_handle) = 0;
};

}  // namespace tflite

#endif
