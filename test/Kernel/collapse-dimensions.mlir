// Dimensions of size 1 go, and loops that every tensor steps through together become one.
// RUN: tenon-opt %s --split-input-file --tenon-collapse-dimensions --cse | FileCheck %s

#x = affine_map<(n, h, w, o, i, j, c) -> (n, h + i, w + j, c)>
#k = affine_map<(n, h, w, o, i, j, c) -> (i, j, c, o)>
#y = affine_map<(n, h, w, o, i, j, c) -> (n, h, w, o)>
#same = affine_map<(n, h, w, o) -> (n, h, w, o)>
#bias = affine_map<(n, h, w, o) -> (n, 0, 0, o)>

// A convolution of one position is a product of matrices, its bias a vector.
// CHECK: #[[X:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK: #[[K:.*]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK: #[[Y:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-LABEL: func.func @pointwise
// CHECK: %[[VIEW:.*]] = tenon.reshape %arg0 : (tensor<1x7x7x16xf32>) -> tensor<49x16xf32>
// CHECK: %[[RESULT:.*]] = tenon.kernel(%[[VIEW]], %{{.*}}, %{{.*}} : tensor<49x16xf32>, tensor<16x32xf32>, tensor<32xf32>) -> (tensor<49x32xf32>)
// CHECK: linalg.generic {indexing_maps = [#[[X]], #[[K]], #[[Y]]], iterator_types = ["parallel", "parallel", "reduction"]}
// CHECK: tenon.reshape %[[RESULT]] : (tensor<49x32xf32>) -> tensor<1x7x7x32xf32>
func.func @pointwise(%x: tensor<1x7x7x16xf32>, %k: tensor<1x1x16x32xf32>, %b: tensor<1x1x1x32xf32>) -> tensor<1x7x7x32xf32> {
  %0 = tenon.kernel(%x, %k, %b : tensor<1x7x7x16xf32>, tensor<1x1x16x32xf32>, tensor<1x1x1x32xf32>) -> (tensor<1x7x7x32xf32>) {
  ^bb0(%a: tensor<1x7x7x16xf32>, %w: tensor<1x1x16x32xf32>, %c: tensor<1x1x1x32xf32>):
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty() : tensor<1x7x7x32xf32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x7x7x32xf32>) -> tensor<1x7x7x32xf32>
    %sum = linalg.generic {indexing_maps = [#x, #k, #y], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
        ins(%a, %w : tensor<1x7x7x16xf32>, tensor<1x1x16x32xf32>) outs(%init : tensor<1x7x7x32xf32>) {
    ^bb0(%p: f32, %q: f32, %s: f32):
      %m = arith.mulf %p, %q : f32
      %t = arith.addf %s, %m : f32
      linalg.yield %t : f32
    } -> tensor<1x7x7x32xf32>
    %r = linalg.generic {indexing_maps = [#same, #bias, #same], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
        ins(%sum, %c : tensor<1x7x7x32xf32>, tensor<1x1x1x32xf32>) outs(%empty : tensor<1x7x7x32xf32>) {
    ^bb0(%p: f32, %q: f32, %s: f32):
      %t = arith.addf %p, %q : f32
      linalg.yield %t : f32
    } -> tensor<1x7x7x32xf32>
    tenon.yield %r : tensor<1x7x7x32xf32>
  }
  return %0 : tensor<1x7x7x32xf32>
}

// -----

#in = affine_map<(n, h, w, c, i, j) -> (n, h + i, w + j, c)>
#window = affine_map<(n, h, w, c, i, j) -> (i, j)>
#out = affine_map<(n, h, w, c, i, j) -> (n, h, w, c)>

// A window steps through rows and columns on its own: they stay. The padded dimensions do too.
// CHECK-LABEL: func.func @window
// CHECK: tenon.kernel(%{{.*}} : tensor<6x6x8xf32>) -> (tensor<6x6x8xf32>)
// CHECK: tensor.pad %{{.*}} low[1, 1, 0] high[1, 1, 0]
// CHECK: iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]
func.func @window(%x: tensor<1x6x6x8xf32>) -> tensor<1x6x6x8xf32> {
  %0 = tenon.kernel(%x : tensor<1x6x6x8xf32>) -> (tensor<1x6x6x8xf32>) {
  ^bb0(%a: tensor<1x6x6x8xf32>):
    %zero = arith.constant 0.0 : f32
    %padded = tensor.pad %a low[0, 1, 1, 0] high[0, 1, 1, 0] {
    ^bb0(%i: index, %j: index, %k: index, %l: index):
      tensor.yield %zero : f32
    } : tensor<1x6x6x8xf32> to tensor<1x8x8x8xf32>
    %shape = tensor.empty() : tensor<3x3xf32>
    %empty = tensor.empty() : tensor<1x6x6x8xf32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x6x6x8xf32>) -> tensor<1x6x6x8xf32>
    %r = linalg.generic {indexing_maps = [#in, #window, #out], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
        ins(%padded, %shape : tensor<1x8x8x8xf32>, tensor<3x3xf32>) outs(%init : tensor<1x6x6x8xf32>) {
    ^bb0(%p: f32, %q: f32, %s: f32):
      %t = arith.addf %p, %s : f32
      linalg.yield %t : f32
    } -> tensor<1x6x6x8xf32>
    tenon.yield %r : tensor<1x6x6x8xf32>
  }
  return %0 : tensor<1x6x6x8xf32>
}

// -----

#from = affine_map<(a, b, c, d) -> (a, c, b, d)>
#to = affine_map<(a, b, c, d) -> (a, b, c, d)>

// Transposed dimensions are not neighbours on both sides; what moves as a whole is one.
// CHECK-LABEL: func.func @transpose
// CHECK: tenon.kernel(%{{.*}} : tensor<3x2x20xf32>) -> (tensor<2x3x20xf32>)
func.func @transpose(%x: tensor<1x3x2x20xf32>) -> tensor<1x2x3x20xf32> {
  %0 = tenon.kernel(%x : tensor<1x3x2x20xf32>) -> (tensor<1x2x3x20xf32>) {
  ^bb0(%a: tensor<1x3x2x20xf32>):
    %empty = tensor.empty() : tensor<1x2x3x20xf32>
    %r = linalg.generic {indexing_maps = [#from, #to], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
        ins(%a : tensor<1x3x2x20xf32>) outs(%empty : tensor<1x2x3x20xf32>) {
    ^bb0(%p: f32, %s: f32):
      linalg.yield %p : f32
    } -> tensor<1x2x3x20xf32>
    tenon.yield %r : tensor<1x2x3x20xf32>
  }
  return %0 : tensor<1x2x3x20xf32>
}

// -----

#all = affine_map<(b, s, h) -> (b, s, h)>

// Sizes that are symbols multiply.
// CHECK-LABEL: func.func @symbols
// CHECK: tenon.kernel(%{{.*}} : tensor<?xf32, #tenon.dims<[batch * sequence * 8]>>) -> (tensor<?xf32, #tenon.dims<[batch * sequence * 8]>>)
// CHECK: %[[SIZE:.*]] = tensor.dim
// CHECK: tensor.empty(%[[SIZE]]) : tensor<?xf32, #tenon.dims<[batch * sequence * 8]>>
func.func @symbols(%x: tensor<?x?x8xf32, #tenon.dims<[batch, sequence, 8]>>) -> tensor<?x?x8xf32, #tenon.dims<[batch, sequence, 8]>> {
  %0 = tenon.kernel(%x : tensor<?x?x8xf32, #tenon.dims<[batch, sequence, 8]>>) -> (tensor<?x?x8xf32, #tenon.dims<[batch, sequence, 8]>>) {
  ^bb0(%a: tensor<?x?x8xf32, #tenon.dims<[batch, sequence, 8]>>):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %b = tensor.dim %a, %c0 : tensor<?x?x8xf32, #tenon.dims<[batch, sequence, 8]>>
    %s = tensor.dim %a, %c1 : tensor<?x?x8xf32, #tenon.dims<[batch, sequence, 8]>>
    %empty = tensor.empty(%b, %s) : tensor<?x?x8xf32, #tenon.dims<[batch, sequence, 8]>>
    %r = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
        ins(%a : tensor<?x?x8xf32, #tenon.dims<[batch, sequence, 8]>>) outs(%empty : tensor<?x?x8xf32, #tenon.dims<[batch, sequence, 8]>>) {
    ^bb0(%p: f32, %q: f32):
      %t = arith.negf %p : f32
      linalg.yield %t : f32
    } -> tensor<?x?x8xf32, #tenon.dims<[batch, sequence, 8]>>
    tenon.yield %r : tensor<?x?x8xf32, #tenon.dims<[batch, sequence, 8]>>
  }
  return %0 : tensor<?x?x8xf32, #tenon.dims<[batch, sequence, 8]>>
}

// -----

#pair = affine_map<(a, b) -> (a, b)>

// A body that asks where it is, a tensor it reads at a place of its own choice, and a part of a concat keep their
// dimensions.
// CHECK-LABEL: func.func @kept
// CHECK-COUNT-2: tenon.kernel(%{{.*}} : tensor<4x6xf32>) -> (tensor<4x6xf32>)
func.func @kept(%x: tensor<4x6xf32>) -> (tensor<4x6xf32>, tensor<4x12xf32>) {
  %0 = tenon.kernel(%x : tensor<4x6xf32>) -> (tensor<4x6xf32>) {
  ^bb0(%a: tensor<4x6xf32>):
    %empty = tensor.empty() : tensor<4x6xf32>
    %r = linalg.generic {indexing_maps = [#pair], iterator_types = ["parallel", "parallel"]} outs(%empty : tensor<4x6xf32>) {
    ^bb0(%s: f32):
      %i = linalg.index 0 : index
      %j = linalg.index 1 : index
      %p = tensor.extract %a[%i, %j] : tensor<4x6xf32>
      linalg.yield %p : f32
    } -> tensor<4x6xf32>
    tenon.yield %r : tensor<4x6xf32>
  }
  %1 = tenon.kernel(%x : tensor<4x6xf32>) -> (tensor<4x6xf32>) {
  ^bb0(%a: tensor<4x6xf32>):
    %empty = tensor.empty() : tensor<4x6xf32>
    %r = linalg.generic {indexing_maps = [#pair, #pair], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<4x6xf32>) outs(%empty : tensor<4x6xf32>) {
    ^bb0(%p: f32, %s: f32):
      linalg.yield %p : f32
    } -> tensor<4x6xf32>
    tenon.yield %r : tensor<4x6xf32>
  }
  %2 = tenon.concat %1, %0 {axis = 1 : i64} : (tensor<4x6xf32>, tensor<4x6xf32>) -> tensor<4x12xf32>
  return %0, %2 : tensor<4x6xf32>, tensor<4x12xf32>
}

// -----

#corner = affine_map<(h, w, i, j) -> (h * 2 + i, w * 2 + j)>
#shape = affine_map<(h, w, i, j) -> (i, j)>
#one = affine_map<(h, w, i, j) -> (h, w)>

// A window with one place in a larger tensor keeps the loop that says where it stands.
// CHECK-LABEL: func.func @one_position
// CHECK: linalg.generic
// CHECK-SAME: ins(%{{.*}}, %{{.*}} : tensor<4x4xf32>, tensor<3x3xf32>)
func.func @one_position(%x: tensor<4x4xf32>) -> tensor<1x1xf32> {
  %0 = tenon.kernel(%x : tensor<4x4xf32>) -> (tensor<1x1xf32>) {
  ^bb0(%a: tensor<4x4xf32>):
    %zero = arith.constant 0.0 : f32
    %window = tensor.empty() : tensor<3x3xf32>
    %empty = tensor.empty() : tensor<1x1xf32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x1xf32>) -> tensor<1x1xf32>
    %r = linalg.generic {indexing_maps = [#corner, #shape, #one], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
        ins(%a, %window : tensor<4x4xf32>, tensor<3x3xf32>) outs(%init : tensor<1x1xf32>) {
    ^bb0(%p: f32, %q: f32, %s: f32):
      %t = arith.addf %p, %s : f32
      linalg.yield %t : f32
    } -> tensor<1x1xf32>
    tenon.yield %r : tensor<1x1xf32>
  }
  return %0 : tensor<1x1xf32>
}

// -----

#two = affine_map<(b, s) -> (b, s)>

// A body that reads a size of its own keeps the dimension that has it.
// CHECK-LABEL: func.func @size_in_body
// CHECK: tenon.kernel(%{{.*}} : tensor<?x?xf32, #tenon.dims<[batch, sequence]>>) -> (tensor<?x?xf32, #tenon.dims<[batch, sequence]>>)
func.func @size_in_body(%x: tensor<?x?xf32, #tenon.dims<[batch, sequence]>>) -> tensor<?x?xf32, #tenon.dims<[batch, sequence]>> {
  %0 = tenon.kernel(%x : tensor<?x?xf32, #tenon.dims<[batch, sequence]>>) -> (tensor<?x?xf32, #tenon.dims<[batch, sequence]>>) {
  ^bb0(%a: tensor<?x?xf32, #tenon.dims<[batch, sequence]>>):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %b = tensor.dim %a, %c0 : tensor<?x?xf32, #tenon.dims<[batch, sequence]>>
    %s = tensor.dim %a, %c1 : tensor<?x?xf32, #tenon.dims<[batch, sequence]>>
    %empty = tensor.empty(%b, %s) : tensor<?x?xf32, #tenon.dims<[batch, sequence]>>
    %r = linalg.generic {indexing_maps = [#two, #two], iterator_types = ["parallel", "parallel"]}
        ins(%a : tensor<?x?xf32, #tenon.dims<[batch, sequence]>>) outs(%empty : tensor<?x?xf32, #tenon.dims<[batch, sequence]>>) {
    ^bb0(%p: f32, %q: f32):
      %i = arith.index_cast %s : index to i64
      %f = arith.sitofp %i : i64 to f32
      %t = arith.divf %p, %f : f32
      linalg.yield %t : f32
    } -> tensor<?x?xf32, #tenon.dims<[batch, sequence]>>
    tenon.yield %r : tensor<?x?xf32, #tenon.dims<[batch, sequence]>>
  }
  return %0 : tensor<?x?xf32, #tenon.dims<[batch, sequence]>>
}
