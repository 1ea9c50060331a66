import Micro

/// A program part that runs the test vectors on the device and names the first wrong layer.
enum SelfTestSource {
  static func header(_ subject: FirmwareSubject) -> FirmwareFiles.File {
    let name = subject.identifier
    let file = "\(name)_self_test.h"
    let guardName = SourceText.guardName(file)
    return SourceText(
      """
      // Runs the test vectors of '\(CName.comment(subject.name))' on the device. Written by edgeopt.
      //
      //   alignas(16) static uint8_t arena[\(name)::kArenaBytes];
      //   const bool is_good = \(name)::SelfTest(arena, sizeof(arena)).IsGood();
      #ifndef \(guardName)
      #define \(guardName)

      #include <cstddef>
      #include <cstdint>

      namespace \(name) {

      struct SelfTestResult {
        // Whether the interpreter took the model and ran.
        bool has_run = false;
        int vectors = 0;
        int wrong_vectors = 0;
        // How many layers were compared; 0 where TFLM is built without its profiler (TF_LITE_STRIP_ERROR_STRINGS).
        int layers = 0;
        // The place of the first difference; -1 for none.
        int first_wrong_vector = -1;
        int first_wrong_operator = -1;
        int first_wrong_output = -1;

        bool IsGood() const { return has_run && wrong_vectors == 0; }
      };

      // Prints what it finds through MicroPrintf. The arena must be aligned to 16 bytes.
      SelfTestResult SelfTest(std::uint8_t* arena, std::size_t arena_bytes);

      // The CRC-32 of zip files.
      std::uint32_t Crc32(const void* data, std::size_t byte_count);

      }  // namespace \(name)

      #endif  // \(guardName)
      """
    ).file(file)
  }

  static func source(_ subject: FirmwareSubject) -> FirmwareFiles.File {
    let name = subject.identifier
    let inputBytes = subject.inputs.map { String($0.byteCount) }.joined(separator: ", ")
    let outputIsFloat = subject.outputs.map { String($0.type == .float32) }.joined(separator: ", ")
    let outputBytes = subject.outputs.map { String($0.byteCount) }.joined(separator: ", ")
    return SourceText(
      """
      // Written by edgeopt.
      #include "\(name)_self_test.h"

      #include <cmath>
      #include <cstring>

      #include "\(name)_model.h"
      #include "\(name)_operators.h"
      #include "\(name)_test_vectors.h"
      #include "tensorflow/lite/micro/micro_interpreter.h"
      #include "tensorflow/lite/micro/micro_log.h"
      #include "tensorflow/lite/micro/micro_profiler_interface.h"
      #include "tensorflow/lite/schema/schema_generated.h"

      namespace \(name) {
      namespace {

      constexpr int kInputCount = \(subject.inputs.count);
      constexpr int kOutputCount = \(subject.outputs.count);
      constexpr std::size_t kInputBytes[] = {\(inputBytes.isEmpty ? "0" : inputBytes)};
      constexpr std::size_t kOutputBytes[] = {\(outputBytes.isEmpty ? "0" : outputBytes)};
      constexpr bool kOutputIsFloat[] = {\(outputIsFloat.isEmpty ? "false" : outputIsFloat)};

      """
        + machinery + runner.replacing("NAME_model", with: "\(name)_model") + "}  // namespace \(name)"
    ).file("\(name)_self_test.cc")
  }

  /// The interpreter tells its profiler when an operator ends; its results are still in the arena then.
  private static let machinery = """
    // Lets the check reach what operators have written.
    class OpenInterpreter : public tflite::MicroInterpreter {
     public:
      using tflite::MicroInterpreter::MicroInterpreter;
      const void* Data(int tensor) const {
        const TfLiteEvalTensor* found = context().GetEvalTensor(&context(), tensor);
        return found == nullptr ? nullptr : found->data.data;
      }
    };

    // Called around every operator: compares what it wrote while it is still there.
    class LayerCheck : public tflite::MicroProfilerInterface {
     public:
      void Start(const OpenInterpreter* interpreter, const TestVector* vector) {
        interpreter_ = interpreter;
        vector_ = vector;
        depth_ = operator_ = next_ = 0;
        first_wrong_ = -1;
      }
      std::uint32_t BeginEvent(const char*) override {
        ++depth_;
        return 0;
      }
      void EndEvent(std::uint32_t) override {
        --depth_;
        // Operators inside of control flow belong to the operator around them.
        if (depth_ > 0 || vector_ == nullptr) return;
        for (; next_ < vector_->layer_count && vector_->layers[next_].operator_index <= operator_; ++next_) {
          const LayerChecksum& layer = vector_->layers[next_];
          const void* data = interpreter_->Data(static_cast<int>(layer.tensor));
          ++layers_;
          if (first_wrong_ < 0 && (data == nullptr || Crc32(data, layer.byte_count) != layer.crc32)) {
            first_wrong_ = operator_;
          }
        }
        ++operator_;
      }
      int layers() const { return layers_; }
      int first_wrong() const { return first_wrong_; }

     private:
      const OpenInterpreter* interpreter_ = nullptr;
      const TestVector* vector_ = nullptr;
      int depth_ = 0;
      int operator_ = 0;
      int next_ = 0;
      int layers_ = 0;
      int first_wrong_ = -1;
    };

    // Floats may differ by rounding: by 1e-4 of the value, or of 1 where it is smaller.
    bool IsClose(const void* got, const void* wanted, std::size_t byte_count) {
      for (std::size_t offset = 0; offset + sizeof(float) <= byte_count; offset += sizeof(float)) {
        float a = 0;
        float b = 0;
        std::memcpy(&a, static_cast<const char*>(got) + offset, sizeof(float));
        std::memcpy(&b, static_cast<const char*>(wanted) + offset, sizeof(float));
        const float size = std::fabs(b) > 1.0f ? std::fabs(b) : 1.0f;
        if (!(std::fabs(a - b) <= 1e-4f * size)) return false;
      }
      return true;
    }

    bool IsSame(const void* got, const void* wanted, int index) {
      return kOutputIsFloat[index] ? IsClose(got, wanted, kOutputBytes[index])
                                   : std::memcmp(got, wanted, kOutputBytes[index]) == 0;
    }

    // Which output differs first; -1 for none.
    int FirstWrongOutput(OpenInterpreter& interpreter, const TestVector& vector) {
      for (int index = 0; index < kOutputCount; ++index) {
        const TfLiteTensor* output = interpreter.output(static_cast<std::size_t>(index));
        if (output == nullptr || output->bytes != kOutputBytes[index] ||
            !IsSame(output->data.raw, vector.outputs[index], index)) {
          return index;
        }
      }
      return -1;
    }

    bool SetInputs(OpenInterpreter& interpreter, const TestVector& vector) {
      for (int index = 0; index < kInputCount; ++index) {
        TfLiteTensor* input = interpreter.input(static_cast<std::size_t>(index));
        if (input == nullptr || input->bytes != kInputBytes[index]) return false;
        std::memcpy(input->data.raw, vector.inputs[index], kInputBytes[index]);
      }
      return true;
    }

    }  // namespace

    std::uint32_t Crc32(const void* data, std::size_t byte_count) {
      const unsigned char* bytes = static_cast<const unsigned char*>(data);
      std::uint32_t value = 0xFFFFFFFFu;
      for (std::size_t index = 0; index < byte_count; ++index) {
        value ^= bytes[index];
        for (int bit = 0; bit < 8; ++bit) value = (value & 1u) != 0 ? 0xEDB88320u ^ (value >> 1) : value >> 1;
      }
      return ~value;
    }


    """

  private static let runner = """
    SelfTestResult SelfTest(std::uint8_t* arena, std::size_t arena_bytes) {
      SelfTestResult result;
      OpResolver resolver;
      if (AddOperators(resolver) != kTfLiteOk) {
        MicroPrintf("self test: an operator could not be added");
        return result;
      }
      LayerCheck check;
      OpenInterpreter interpreter(tflite::GetModel(NAME_model), resolver, arena, arena_bytes, nullptr, &check);
      if (interpreter.AllocateTensors() != kTfLiteOk) {
        MicroPrintf("self test: the arena of %u bytes is too small, or an operator refuses the model",
                    static_cast<unsigned>(arena_bytes));
        return result;
      }
      for (int index = 0; index < kTestVectorCount; ++index) {
        const TestVector& vector = kTestVectors[index];
        // Vectors start from fresh state.
        if (interpreter.Reset() != kTfLiteOk || !SetInputs(interpreter, vector)) {
          MicroPrintf("self test: the inputs do not fit the model");
          return result;
        }
        check.Start(&interpreter, &vector);
        if (interpreter.Invoke() != kTfLiteOk) {
          MicroPrintf("self test: vector %d: the interpreter failed", index);
          return result;
        }
        ++result.vectors;
        const int wrong_output = FirstWrongOutput(interpreter, vector);
        const int wrong_operator = check.first_wrong();
        if (wrong_output < 0 && wrong_operator < 0) continue;
        if (++result.wrong_vectors > 1) continue;
        result.first_wrong_vector = index;
        result.first_wrong_operator = wrong_operator;
        result.first_wrong_output = wrong_output;
        if (wrong_operator >= 0) {
          MicroPrintf("self test: vector %d: operator %d (%s) is the first with other results", index,
                      wrong_operator, kOperatorNames[wrong_operator]);
        } else {
          MicroPrintf("self test: vector %d: output %d differs", index, wrong_output);
        }
      }
      result.layers = check.layers();
      result.has_run = true;
      MicroPrintf("self test: %d of %d vectors good, %d layers compared", result.vectors - result.wrong_vectors,
                  result.vectors, result.layers);
      return result;
    }


    """
}
