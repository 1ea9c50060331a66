import Micro
import Storage

/// The model as an aligned array, and how large an arena it needs.
enum ModelSource {
  static func header(_ subject: FirmwareSubject) -> FirmwareFiles.File {
    let name = subject.identifier
    let file = "\(name)_model.h"
    let guardName = SourceText.guardName(file)
    var text = SourceText(
      """
      // The model '\(CName.comment(subject.name))' and the memory that it needs. Written by edgeopt.
      #ifndef \(guardName)
      #define \(guardName)

      #include <cstddef>
      #include <cstdint>

      // The .tflite file, aligned to 16 bytes: hand it to tflite::GetModel().
      extern const unsigned char \(name)_model[];
      extern const std::size_t \(name)_model_len;

      namespace \(name) {
      """)
    text.add(subject.isArenaGiven ? givenArena(subject) : predictedArena(subject))
    text.add(
      """

      }  // namespace \(name)

      #endif  // \(guardName)
      """)
    return text.file(file)
  }

  private static func givenArena(_ subject: FirmwareSubject) -> String {
    """

    // Bytes of the tensor arena, which must be aligned to 16.
    inline constexpr std::size_t kArenaBytes = \(subject.arena(.cortexM));
    """
  }

  private static func predictedArena(_ subject: FirmwareSubject) -> String {
    """

    // Bytes of the tensor arena, which must be aligned to 16: the least that works with TFLM's reference kernels.
    // Optimized kernels (CMSIS-NN and others) may ask for scratch memory of their own: add it, and compare with
    // MicroInterpreter::arena_used_bytes().
    inline constexpr std::size_t kArenaBytesCortexM = \(subject.arena(.cortexM));
    // With enumerations of four bytes (-fno-short-enums and other compilers).
    inline constexpr std::size_t kArenaBytesWideEnums = \(subject.arena(.cortexMWideEnums));
    // In a 64-bit program.
    inline constexpr std::size_t kArenaBytesHost = \(subject.arena(.host64));

    enum SmallEnum { kSmallEnumValue };
    // The one for the compiler at work.
    inline constexpr std::size_t kArenaBytes = sizeof(void*) == 8        ? kArenaBytesHost
                                               : sizeof(SmallEnum) == 1 ? kArenaBytesCortexM
                                                                         : kArenaBytesWideEnums;
    """
  }

  static func source(_ subject: FirmwareSubject) -> FirmwareFiles.File {
    let name = subject.identifier
    var text = SourceText(
      """
      // The .tflite file of '\(CName.comment(subject.name))', \(subject.bytes.count) bytes. Written by edgeopt.
      #include "\(name)_model.h"

      alignas(16) const unsigned char \(name)_model[] = {
      """)
    text.add(elements: subject.bytes.array)
    text.add(
      """
      };
      const std::size_t \(name)_model_len = sizeof(\(name)_model);
      """)
    return text.file("\(name)_model.cc")
  }
}

/// A resolver with exactly the operators of the model.
enum OperatorsHeader {
  static func file(_ subject: FirmwareSubject) -> FirmwareFiles.File {
    let name = subject.identifier
    let file = "\(name)_operators.h"
    let guardName = SourceText.guardName(file)
    // A resolver for no operators is no type.
    let count = max(1, subject.operators.count)
    var text = SourceText(
      """
      // The operators of '\(CName.comment(subject.name))', and no others. Written by edgeopt.
      #ifndef \(guardName)
      #define \(guardName)

      #include "tensorflow/lite/c/common.h"
      #include "tensorflow/lite/micro/micro_mutable_op_resolver.h"

      namespace \(name) {

      using OpResolver = tflite::MicroMutableOpResolver<\(count)>;

      // Call it once, before the interpreter is made.
      inline TfLiteStatus AddOperators(OpResolver& resolver) {
      """)
    if subject.operators.isEmpty { text.add("  (void)resolver;") }
    for method in subject.operators {
      text.add("  if (resolver.\(method.name)() != kTfLiteOk) return kTfLiteError;")
    }
    text.add(
      """
        return kTfLiteOk;
      }

      }  // namespace \(name)

      #endif  // \(guardName)
      """)
    return text.file(file)
  }
}
