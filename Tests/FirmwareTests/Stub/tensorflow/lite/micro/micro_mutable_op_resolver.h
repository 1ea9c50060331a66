#ifndef STUB_TENSORFLOW_LITE_MICRO_MICRO_MUTABLE_OP_RESOLVER_H_
#define STUB_TENSORFLOW_LITE_MICRO_MICRO_MUTABLE_OP_RESOLVER_H_

#include "tensorflow/lite/c/common.h"

// Every operator that TFLM can add.
#define STUB_OPERATORS \
  STUB(Abs) STUB(Add) STUB(AddN) STUB(ArgMax) STUB(ArgMin) STUB(AssignVariable) STUB(AveragePool2D) \
  STUB(BatchMatMul) STUB(BatchToSpaceNd) STUB(BroadcastArgs) STUB(BroadcastTo) STUB(CallOnce) STUB(Cast) \
  STUB(Ceil) STUB(CircularBuffer) STUB(Concatenation) STUB(Conv2D) STUB(Cos) STUB(CumSum) STUB(Decode) \
  STUB(Delay) STUB(DepthToSpace) STUB(DepthwiseConv2D) STUB(Dequantize) STUB(DetectionPostprocess) STUB(Div) \
  STUB(DynamicUpdateSlice) STUB(EmbeddingLookup) STUB(Energy) STUB(Elu) STUB(Equal) STUB(EthosU) STUB(Exp) \
  STUB(ExpandDims) STUB(FftAutoScale) STUB(Fill) STUB(FilterBank) STUB(FilterBankLog) \
  STUB(FilterBankSquareRoot) STUB(FilterBankSpectralSubtraction) STUB(Floor) STUB(FloorDiv) STUB(FloorMod) \
  STUB(Framer) STUB(FullyConnected) STUB(Gather) STUB(GatherNd) STUB(Greater) STUB(GreaterEqual) \
  STUB(HardSwish) STUB(If) STUB(Irfft) STUB(L2Normalization) STUB(L2Pool2D) STUB(LeakyRelu) STUB(Less) \
  STUB(LessEqual) STUB(Log) STUB(LogicalAnd) STUB(LogicalNot) STUB(LogicalOr) STUB(Logistic) STUB(LogSoftmax) \
  STUB(Maximum) STUB(MaxPool2D) STUB(MirrorPad) STUB(Mean) STUB(Minimum) STUB(Mul) STUB(Neg) STUB(NotEqual) \
  STUB(OverlapAdd) STUB(Pack) STUB(Pad) STUB(PadV2) STUB(PCAN) STUB(Prelu) STUB(Quantize) STUB(ReadVariable) \
  STUB(ReduceAll) STUB(ReduceMax) STUB(ReduceMin) STUB(Relu) STUB(Relu6) STUB(Reshape) STUB(ResizeBilinear) \
  STUB(ResizeNearestNeighbor) STUB(ReverseV2) STUB(Rfft) STUB(Round) STUB(Rsqrt) STUB(SelectV2) STUB(Shape) \
  STUB(Sin) STUB(Slice) STUB(Softmax) STUB(SpaceToBatchNd) STUB(SpaceToDepth) STUB(Split) STUB(SplitV) \
  STUB(Squeeze) STUB(Sqrt) STUB(Square) STUB(SquaredDifference) STUB(StridedSlice) STUB(Stacker) STUB(Sub) \
  STUB(Sum) STUB(Svdf) STUB(Tanh) STUB(TransposeConv) STUB(Transpose) STUB(Unpack) \
  STUB(UnidirectionalSequenceLSTM) STUB(VarHandle) STUB(While) STUB(Window) STUB(ZerosLike)

namespace tflite {

class MicroOpResolver {
 public:
  virtual ~MicroOpResolver() {}
};

// Like the real one it has room for so many operators.
template <unsigned int tOpCount>
class MicroMutableOpResolver : public MicroOpResolver {
 public:
#define STUB(name) \
  TfLiteStatus Add##name() { return Add(); }
  STUB_OPERATORS
#undef STUB

  unsigned int count() const { return count_; }
  static constexpr unsigned int kRoom = tOpCount;

 private:
  TfLiteStatus Add() { return count_++ < tOpCount ? kTfLiteOk : kTfLiteError; }
  unsigned int count_ = 0;
};

}  // namespace tflite

#endif
