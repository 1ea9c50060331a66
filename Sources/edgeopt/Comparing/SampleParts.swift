import Graph
import Passes
import Runtime
import Storage

extension TensorValue {
  /// One sample's part of an output that holds `count` of them, in the layout that the model declares.
  func sample(_ index: Int, of count: Int, port: Port) -> TensorValue {
    let declared = inDeclaredLayout(of: port)
    guard let axis = port.declaredShape.batchAxis, declared.sizes[axis] % count == 0 else { return declared }
    let extent = declared.sizes[axis] / count
    if axis == 0 {
      var sizes = declared.sizes
      sizes[0] = extent
      let stride = declared.bytes.count / count
      return TensorValue(
        type: type, sizes: sizes, bytes: declared.bytes[(index * stride)..<((index + 1) * stride)])
    }
    return Constant(declared).sliced(axis: axis, (index * extent)..<((index + 1) * extent)).realized()
  }
}
