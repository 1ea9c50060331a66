#include "options.h"

namespace ctflite {

using Union = fbs::BuiltinOptions;
using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

namespace {

template <typename... Numbers>
void set(ctflite_options &options, Numbers... numbers) {
  int index = 0;
  ((options.numbers[index++] = static_cast<int32_t>(numbers)), ...);
}

void read(const fbs::Conv2DOptions *t, ctflite_options &o) {
  set(o, t->padding(), t->stride_w(), t->stride_h(), t->fused_activation_function(), t->dilation_w_factor(),
      t->dilation_h_factor(), t->quantized_bias_type());
}
void read(const fbs::DepthwiseConv2DOptions *t, ctflite_options &o) {
  set(o, t->padding(), t->stride_w(), t->stride_h(), t->depth_multiplier(), t->fused_activation_function(),
      t->dilation_w_factor(), t->dilation_h_factor());
}
void read(const fbs::TransposeConvOptions *t, ctflite_options &o) {
  set(o, t->padding(), t->stride_w(), t->stride_h(), t->fused_activation_function(), t->quantized_bias_type());
}
void read(const fbs::Pool2DOptions *t, ctflite_options &o) {
  set(o, t->padding(), t->stride_w(), t->stride_h(), t->filter_width(), t->filter_height(),
      t->fused_activation_function());
}
void read(const fbs::FullyConnectedOptions *t, ctflite_options &o) {
  set(o, t->fused_activation_function(), t->weights_format(), t->keep_num_dims(), t->asymmetric_quantize_inputs(),
      t->quantized_bias_type());
}
void read(const fbs::BatchMatMulOptions *t, ctflite_options &o) {
  set(o, t->adj_x(), t->adj_y(), t->asymmetric_quantize_inputs());
}
void read(const fbs::SVDFOptions *t, ctflite_options &o) {
  set(o, t->rank(), t->fused_activation_function(), t->asymmetric_quantize_inputs());
}
void read(const fbs::UnidirectionalSequenceLSTMOptions *t, ctflite_options &o) {
  set(o, t->fused_activation_function(), t->time_major(), t->asymmetric_quantize_inputs(),
      t->diagonal_recurrent_tensors());
  o.reals[0] = t->cell_clip();
  o.reals[1] = t->proj_clip();
}
void read(const fbs::AddOptions *t, ctflite_options &o) { set(o, t->fused_activation_function()); }
void read(const fbs::SubOptions *t, ctflite_options &o) { set(o, t->fused_activation_function()); }
void read(const fbs::MulOptions *t, ctflite_options &o) { set(o, t->fused_activation_function()); }
void read(const fbs::DivOptions *t, ctflite_options &o) { set(o, t->fused_activation_function()); }
void read(const fbs::L2NormOptions *t, ctflite_options &o) { set(o, t->fused_activation_function()); }
void read(const fbs::SoftmaxOptions *t, ctflite_options &o) { o.reals[0] = t->beta(); }
void read(const fbs::LeakyReluOptions *t, ctflite_options &o) { o.reals[0] = t->alpha(); }
void read(const fbs::GeluOptions *t, ctflite_options &o) { set(o, t->approximate()); }
void read(const fbs::ReducerOptions *t, ctflite_options &o) { set(o, t->keep_dims()); }
void read(const fbs::ArgMaxOptions *t, ctflite_options &o) { set(o, t->output_type()); }
void read(const fbs::ArgMinOptions *t, ctflite_options &o) { set(o, t->output_type()); }
void read(const fbs::ShapeOptions *t, ctflite_options &o) { set(o, t->out_type()); }
void read(const fbs::CumsumOptions *t, ctflite_options &o) { set(o, t->exclusive(), t->reverse()); }
void read(const fbs::CastOptions *t, ctflite_options &o) { set(o, t->in_data_type(), t->out_data_type()); }
void read(const fbs::ConcatenationOptions *t, ctflite_options &o) { set(o, t->axis(), t->fused_activation_function()); }
void read(const fbs::GatherOptions *t, ctflite_options &o) { set(o, t->axis(), t->batch_dims()); }
void read(const fbs::PackOptions *t, ctflite_options &o) { set(o, t->values_count(), t->axis()); }
void read(const fbs::UnpackOptions *t, ctflite_options &o) { set(o, t->num(), t->axis()); }
void read(const fbs::StridedSliceOptions *t, ctflite_options &o) {
  set(o, t->begin_mask(), t->end_mask(), t->ellipsis_mask(), t->new_axis_mask(), t->shrink_axis_mask(), t->offset());
}
void read(const fbs::ResizeBilinearOptions *t, ctflite_options &o) {
  set(o, t->align_corners(), t->half_pixel_centers());
}
void read(const fbs::ResizeNearestNeighborOptions *t, ctflite_options &o) {
  set(o, t->align_corners(), t->half_pixel_centers());
}
void read(const fbs::ReshapeOptions *t, ctflite_options &o) { o.list = span(t->new_shape()); }
void read(const fbs::SqueezeOptions *t, ctflite_options &o) { o.list = span(t->squeeze_dims()); }
void read(const fbs::SpaceToDepthOptions *t, ctflite_options &o) { set(o, t->block_size()); }
void read(const fbs::DepthToSpaceOptions *t, ctflite_options &o) { set(o, t->block_size()); }
void read(const fbs::SplitOptions *t, ctflite_options &o) { set(o, t->num_splits()); }
void read(const fbs::SplitVOptions *t, ctflite_options &o) { set(o, t->num_splits()); }
void read(const fbs::MirrorPadOptions *t, ctflite_options &o) { set(o, t->mode()); }
void read(const fbs::IfOptions *t, ctflite_options &o) { set(o, t->then_subgraph_index(), t->else_subgraph_index()); }
void read(const fbs::WhileOptions *t, ctflite_options &o) { set(o, t->cond_subgraph_index(), t->body_subgraph_index()); }
void read(const fbs::CallOnceOptions *t, ctflite_options &o) { set(o, t->init_subgraph_index()); }
void read(const fbs::VarHandleOptions *t, ctflite_options &o) {
  o.texts[0] = span(t->container());
  o.texts[1] = span(t->shared_name());
}

Offset<flatbuffers::Vector<int32_t>> list(FlatBufferBuilder &b, const ctflite_options &o) {
  return b.CreateVector(static_cast<const int32_t *>(o.list.start), o.list.count);
}

Offset<flatbuffers::String> text(FlatBufferBuilder &b, ctflite_span text) {
  if (!text.start) return 0;
  return b.CreateString(static_cast<const char *>(text.start), text.count);
}

// Tables whose fields are all numbers have them in the order of the schema; their makers take them so.
Offset<void> write_table(FlatBufferBuilder &b, const ctflite_options &o) {
  const int32_t *n = o.numbers;
  const auto byte = [n](int index) { return static_cast<int8_t>(n[index]); };
  const auto flag = [n](int index) { return n[index] != 0; };
  switch (static_cast<Union>(o.union_id)) {
    case Union::Conv2DOptions:
      return fbs::CreateConv2DOptions(b, byte(0), n[1], n[2], byte(3), n[4], n[5], byte(6)).Union();
    case Union::DepthwiseConv2DOptions:
      return fbs::CreateDepthwiseConv2DOptions(b, byte(0), n[1], n[2], n[3], byte(4), n[5], n[6]).Union();
    case Union::TransposeConvOptions:
      return fbs::CreateTransposeConvOptions(b, byte(0), n[1], n[2], byte(3), byte(4)).Union();
    case Union::Pool2DOptions:
      return fbs::CreatePool2DOptions(b, byte(0), n[1], n[2], n[3], n[4], byte(5)).Union();
    case Union::FullyConnectedOptions:
      return fbs::CreateFullyConnectedOptions(b, byte(0), byte(1), flag(2), flag(3), byte(4)).Union();
    case Union::BatchMatMulOptions:
      return fbs::CreateBatchMatMulOptions(b, flag(0), flag(1), flag(2)).Union();
    case Union::SVDFOptions:
      return fbs::CreateSVDFOptions(b, n[0], byte(1), flag(2)).Union();
    case Union::UnidirectionalSequenceLSTMOptions:
      return fbs::CreateUnidirectionalSequenceLSTMOptions(b, byte(0), o.reals[0], o.reals[1], flag(1), flag(2), flag(3))
          .Union();
    // int16 sums use the formula for any scale; the other one wants powers of two.
    case Union::AddOptions:
      return fbs::CreateAddOptions(b, byte(0), !flag(1)).Union();
    case Union::SubOptions:
      return fbs::CreateSubOptions(b, byte(0), !flag(1)).Union();
    case Union::MulOptions:
      return fbs::CreateMulOptions(b, byte(0)).Union();
    case Union::DivOptions:
      return fbs::CreateDivOptions(b, byte(0)).Union();
    case Union::L2NormOptions:
      return fbs::CreateL2NormOptions(b, byte(0)).Union();
    case Union::SoftmaxOptions:
      return fbs::CreateSoftmaxOptions(b, o.reals[0]).Union();
    case Union::LeakyReluOptions:
      return fbs::CreateLeakyReluOptions(b, o.reals[0]).Union();
    case Union::GeluOptions:
      return fbs::CreateGeluOptions(b, flag(0)).Union();
    case Union::ReducerOptions:
      return fbs::CreateReducerOptions(b, flag(0)).Union();
    case Union::ArgMaxOptions:
      return fbs::CreateArgMaxOptions(b, byte(0)).Union();
    case Union::ArgMinOptions:
      return fbs::CreateArgMinOptions(b, byte(0)).Union();
    case Union::ShapeOptions:
      return fbs::CreateShapeOptions(b, byte(0)).Union();
    case Union::CumsumOptions:
      return fbs::CreateCumsumOptions(b, flag(0), flag(1)).Union();
    case Union::CastOptions:
      return fbs::CreateCastOptions(b, byte(0), byte(1)).Union();
    case Union::ConcatenationOptions:
      return fbs::CreateConcatenationOptions(b, n[0], byte(1)).Union();
    case Union::GatherOptions:
      return fbs::CreateGatherOptions(b, n[0], n[1]).Union();
    case Union::PackOptions:
      return fbs::CreatePackOptions(b, n[0], n[1]).Union();
    case Union::UnpackOptions:
      return fbs::CreateUnpackOptions(b, n[0], n[1]).Union();
    case Union::StridedSliceOptions:
      return fbs::CreateStridedSliceOptions(b, n[0], n[1], n[2], n[3], n[4], flag(5)).Union();
    case Union::ResizeBilinearOptions:
      return fbs::CreateResizeBilinearOptions(b, flag(0), flag(1)).Union();
    case Union::ResizeNearestNeighborOptions:
      return fbs::CreateResizeNearestNeighborOptions(b, flag(0), flag(1)).Union();
    case Union::ReshapeOptions: {
      const auto shape = list(b, o);
      return fbs::CreateReshapeOptions(b, shape).Union();
    }
    case Union::SqueezeOptions: {
      const auto dimensions = list(b, o);
      return fbs::CreateSqueezeOptions(b, dimensions).Union();
    }
    case Union::SpaceToDepthOptions:
      return fbs::CreateSpaceToDepthOptions(b, n[0]).Union();
    case Union::DepthToSpaceOptions:
      return fbs::CreateDepthToSpaceOptions(b, n[0]).Union();
    case Union::SplitOptions:
      return fbs::CreateSplitOptions(b, n[0]).Union();
    case Union::SplitVOptions:
      return fbs::CreateSplitVOptions(b, n[0]).Union();
    case Union::MirrorPadOptions:
      return fbs::CreateMirrorPadOptions(b, byte(0)).Union();
    case Union::IfOptions:
      return fbs::CreateIfOptions(b, n[0], n[1]).Union();
    case Union::WhileOptions:
      return fbs::CreateWhileOptions(b, n[0], n[1]).Union();
    case Union::CallOnceOptions:
      return fbs::CreateCallOnceOptions(b, n[0]).Union();
    case Union::VarHandleOptions: {
      const auto container = text(b, o.texts[0]);
      const auto shared_name = text(b, o.texts[1]);
      return fbs::CreateVarHandleOptions(b, container, shared_name).Union();
    }
    default:
      return b.EndTable(b.StartTable());
  }
}

}  // namespace

ctflite_options read_options(const fbs::Operator *op) {
  ctflite_options options = {};
  options.union_id = static_cast<uint8_t>(op->builtin_options_type());
  options.is_present = op->builtin_options() != nullptr;
  if (!options.is_present) return options;
  switch (op->builtin_options_type()) {
#define CASE(table)                                       \
  case Union::table:                                      \
    read(op->builtin_options_as_##table(), options); \
    break;
    CASE(Conv2DOptions)
    CASE(DepthwiseConv2DOptions)
    CASE(TransposeConvOptions)
    CASE(Pool2DOptions)
    CASE(FullyConnectedOptions)
    CASE(BatchMatMulOptions)
    CASE(SVDFOptions)
    CASE(UnidirectionalSequenceLSTMOptions)
    CASE(AddOptions)
    CASE(SubOptions)
    CASE(MulOptions)
    CASE(DivOptions)
    CASE(L2NormOptions)
    CASE(SoftmaxOptions)
    CASE(LeakyReluOptions)
    CASE(GeluOptions)
    CASE(ReducerOptions)
    CASE(ArgMaxOptions)
    CASE(ArgMinOptions)
    CASE(ShapeOptions)
    CASE(CumsumOptions)
    CASE(CastOptions)
    CASE(ConcatenationOptions)
    CASE(GatherOptions)
    CASE(PackOptions)
    CASE(UnpackOptions)
    CASE(StridedSliceOptions)
    CASE(ResizeBilinearOptions)
    CASE(ResizeNearestNeighborOptions)
    CASE(ReshapeOptions)
    CASE(SqueezeOptions)
    CASE(SpaceToDepthOptions)
    CASE(DepthToSpaceOptions)
    CASE(SplitOptions)
    CASE(SplitVOptions)
    CASE(MirrorPadOptions)
    CASE(IfOptions)
    CASE(WhileOptions)
    CASE(CallOnceOptions)
    CASE(VarHandleOptions)
#undef CASE
    default:
      break;
  }
  return options;
}

Offset<void> write_options(FlatBufferBuilder &builder, const ctflite_options &options) {
  return options.union_id == 0 ? Offset<void>(0) : write_table(builder, options);
}

}  // namespace ctflite
