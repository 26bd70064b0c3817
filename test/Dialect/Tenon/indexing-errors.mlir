// What gathers, scatters and selections refuse.
// RUN: tenon-opt %s --verify-diagnostics --split-input-file

func.func @gather_axis(%x: tensor<2x3xf32>, %i: tensor<4xi64>) {
  // expected-error @below {{'tenon.gather' op expects axis in [0, 2), but got 2}}
  %0 = tenon.gather %x, %i {axis = 2 : i64} : (tensor<2x3xf32>, tensor<4xi64>) -> tensor<2x4xf32>
  return
}

// -----

func.func @gather_elements_axis(%x: tensor<2x3xf32>, %i: tensor<2x3xi64>) {
  // expected-error @below {{'tenon.gather_elements' op expects axis in [0, 2), but got 2}}
  %0 = tenon.gather_elements %x, %i {axis = 2 : i64} : (tensor<2x3xf32>, tensor<2x3xi64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @gather_elements_rank(%x: tensor<2x3xf32>, %i: tensor<4xi64>) {
  // expected-error @below {{'tenon.gather_elements' op expects indices rank 2, but got 1}}
  %0 = tenon.gather_elements %x, %i {axis = 1 : i64} : (tensor<2x3xf32>, tensor<4xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @gather_elements_size(%x: tensor<2x3xf32>, %i: tensor<4x3xi64>) {
  // expected-error @below {{'tenon.gather_elements' op expects indices no larger than the data, but got 4 and 2 in dimension 0}}
  %0 = tenon.gather_elements %x, %i {axis = 1 : i64} : (tensor<2x3xf32>, tensor<4x3xi64>) -> tensor<4x3xf32>
  return
}

// -----

func.func @gather_nd_rank(%x: tensor<2x3xf32>, %i: tensor<2x1xi64>) {
  // expected-error @below {{'tenon.gather_nd' op expects data and indices of more than 2 dimensions, but got 'tensor<2x3xf32>' and 'tensor<2x1xi64>'}}
  %0 = tenon.gather_nd %x, %i {batch_dims = 2 : i64} : (tensor<2x3xf32>, tensor<2x1xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @gather_nd_batch(%x: tensor<2x3xf32>, %i: tensor<4x1xi64>) {
  // expected-error @below {{'tenon.gather_nd' op expects batch dimensions that agree, but got 2 and 4 in dimension 0}}
  %0 = tenon.gather_nd %x, %i {batch_dims = 1 : i64} : (tensor<2x3xf32>, tensor<4x1xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @gather_nd_tuple(%x: tensor<2x3xf32>, %i: tensor<4x3xi64>) {
  // expected-error @below {{'tenon.gather_nd' op expects index tuples of at most 2 entries, but got 3}}
  %0 = tenon.gather_nd %x, %i : (tensor<2x3xf32>, tensor<4x3xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @scatter_elements_axis(%x: tensor<2x3xf32>, %i: tensor<2x3xi64>) {
  // expected-error @below {{'tenon.scatter_elements' op expects axis in [0, 2), but got 2}}
  %0 = tenon.scatter_elements none %x, %i, %x {axis = 2 : i64} : (tensor<2x3xf32>, tensor<2x3xi64>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @scatter_elements_shape(%x: tensor<2x3xf32>, %i: tensor<2x1xi64>) {
  // expected-error @below {{'tenon.scatter_elements' op expects indices and updates of one shape of rank 2, but got 'tensor<2x1xi64>' and 'tensor<2x3xf32>'}}
  %0 = tenon.scatter_elements none %x, %i, %x {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2x1xi64>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @scatter_elements_type(%x: tensor<2x3xf32>, %i: tensor<2x3xi64>) {
  // expected-error @below {{'tenon.scatter_elements' op expects updates of element type 'f32', but got 'i64'}}
  %0 = tenon.scatter_elements none %x, %i, %i {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2x3xi64>, tensor<2x3xi64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @scatter_elements_bool(%x: tensor<2x3xi1>, %i: tensor<2x3xi64>) {
  // expected-error @below {{'tenon.scatter_elements' op expects reduction none, max or min for bool, but got add}}
  %0 = tenon.scatter_elements add %x, %i, %x {axis = 1 : i64} : (tensor<2x3xi1>, tensor<2x3xi64>, tensor<2x3xi1>) -> tensor<2x3xi1>
  return
}

// -----

func.func @scatter_nd_tuple(%x: tensor<2x3xf32>, %i: tensor<1x3xi64>, %u: tensor<1xf32>) {
  // expected-error @below {{'tenon.scatter_nd' op expects index tuples of at most 2 entries, but got indices 'tensor<1x3xi64>'}}
  %0 = tenon.scatter_nd none %x, %i, %u : (tensor<2x3xf32>, tensor<1x3xi64>, tensor<1xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @scatter_nd_updates(%x: tensor<2x3xf32>, %i: tensor<1x1xi64>, %u: tensor<1x2xf32>) {
  // expected-error @below {{'tenon.scatter_nd' op expects updates of shape 'tensor<1x3xf32>', but got 'tensor<1x2xf32>'}}
  %0 = tenon.scatter_nd none %x, %i, %u : (tensor<2x3xf32>, tensor<1x1xi64>, tensor<1x2xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @scatter_nd_type(%x: tensor<2x3xf32>, %i: tensor<1x1xi64>, %u: tensor<1x3xf16>) {
  // expected-error @below {{'tenon.scatter_nd' op expects updates of element type 'f32', but got 'f16'}}
  %0 = tenon.scatter_nd none %x, %i, %u : (tensor<2x3xf32>, tensor<1x1xi64>, tensor<1x3xf16>) -> tensor<2x3xf32>
  return
}

// -----

func.func @tensor_scatter_axis(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.tensor_scatter' op expects axis in [1, 2), but got 0}}
  %0 = tenon.tensor_scatter linear %x, %x {axis = 0 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @tensor_scatter_update(%x: tensor<2x3xf32>, %u: tensor<2x4xf32>) {
  // expected-error @below {{'tenon.tensor_scatter' op expects an update that fits the cache, but got 'tensor<2x4xf32>' and 'tensor<2x3xf32>'}}
  %0 = tenon.tensor_scatter linear %x, %u {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @tensor_scatter_indices(%x: tensor<2x3xf32>, %i: tensor<3xi64>) {
  // expected-error @below {{'tenon.tensor_scatter' op expects an index per sequence of the batch, but got 'tensor<3xi64>' for 'tensor<2x3xf32>'}}
  %0 = tenon.tensor_scatter linear %x, %x at(%i) {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<3xi64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @one_hot_axis(%i: tensor<4xi64>, %d: tensor<i64>, %v: tensor<2xf32>) {
  // expected-error @below {{'tenon.one_hot' op expects axis in [0, 2), but got 2}}
  %0 = tenon.one_hot %i, %d, %v {axis = 2 : i64} : (tensor<4xi64>, tensor<i64>, tensor<2xf32>) -> tensor<4x?xf32>
  return
}

// -----

func.func @one_hot_values(%i: tensor<4xi64>, %d: tensor<i64>, %v: tensor<3xf32>) {
  // expected-error @below {{'tenon.one_hot' op expects a depth of one element and values of two, but got 'tensor<i64>' and 'tensor<3xf32>'}}
  %0 = tenon.one_hot %i, %d, %v {axis = 1 : i64} : (tensor<4xi64>, tensor<i64>, tensor<3xf32>) -> tensor<4x?xf32>
  return
}

// -----

func.func @one_hot_depth(%i: tensor<4xi64>, %v: tensor<2xf32>) {
  %d = tenon.constant dense<-1> : tensor<i64>
  // expected-error @below {{'tenon.one_hot' op expects a depth that is not negative, but got -1}}
  %0 = tenon.one_hot %i, %d, %v {axis = 1 : i64} : (tensor<4xi64>, tensor<i64>, tensor<2xf32>) -> tensor<4x?xf32>
  return
}

// -----

func.func @top_k_axis(%x: tensor<2x3xf32>, %k: tensor<1xi64>) {
  // expected-error @below {{'tenon.top_k' op expects axis in [0, 2), but got 2}}
  %0, %1 = tenon.top_k %x, %k {axis = 2 : i64} : (tensor<2x3xf32>, tensor<1xi64>) -> (tensor<2x?xf32>, tensor<2x?xi64>)
  return
}

// -----

func.func @top_k_single(%x: tensor<2x3xf32>, %k: tensor<2xi64>) {
  // expected-error @below {{'tenon.top_k' op expects k of one element, but got 'tensor<2xi64>'}}
  %0, %1 = tenon.top_k %x, %k {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2xi64>) -> (tensor<2x?xf32>, tensor<2x?xi64>)
  return
}

// -----

func.func @top_k_many(%x: tensor<2x3xf32>) {
  %k = tenon.constant dense<4> : tensor<1xi64>
  // expected-error @below {{'tenon.top_k' op expects k in [0, 3], but got 4}}
  %0, %1 = tenon.top_k %x, %k {axis = 1 : i64} : (tensor<2x3xf32>, tensor<1xi64>) -> (tensor<2x4xf32>, tensor<2x4xi64>)
  return
}

// -----

func.func @compress_axis(%x: tensor<2x3xf32>, %c: tensor<3xi1>) {
  // expected-error @below {{'tenon.compress' op expects axis in [0, 2), but got 2}}
  %0 = tenon.compress %x, %c {axis = 2 : i64} : (tensor<2x3xf32>, tensor<3xi1>) -> tensor<2x?xf32>
  return
}

// -----

func.func @compress_condition(%x: tensor<2x3xf32>, %c: tensor<4xi1>) {
  // expected-error @below {{'tenon.compress' op expects a condition vector no longer than the dimension, but got 'tensor<4xi1>' for 'tensor<2x3xf32>'}}
  %0 = tenon.compress %x, %c {axis = 1 : i64} : (tensor<2x3xf32>, tensor<4xi1>) -> tensor<2x?xf32>
  return
}

// -----

func.func @unique_axis(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.unique' op expects axis in [0, 2), but got 2}}
  %0, %1, %2, %3 = tenon.unique %x {axis = 2 : i64} : (tensor<2x3xf32>) -> (tensor<?x3xf32>, tensor<?xi64>, tensor<2xi64>, tensor<?xi64>)
  return
}

// -----

func.func @non_max_suppression_boxes(%b: tensor<1x6x5xf32>, %s: tensor<1x2x6xf32>) {
  // expected-error @below {{'tenon.non_max_suppression' op expects boxes [batches, boxes, 4], but got 'tensor<1x6x5xf32>'}}
  %0 = tenon.non_max_suppression %b, %s : (tensor<1x6x5xf32>, tensor<1x2x6xf32>) -> tensor<?x3xi64>
  return
}

// -----

func.func @non_max_suppression_scores(%b: tensor<1x6x4xf32>, %s: tensor<1x2x7xf32>) {
  // expected-error @below {{'tenon.non_max_suppression' op expects scores [batches, classes, boxes] for boxes 'tensor<1x6x4xf32>', but got 'tensor<1x2x7xf32>'}}
  %0 = tenon.non_max_suppression %b, %s : (tensor<1x6x4xf32>, tensor<1x2x7xf32>) -> tensor<?x3xi64>
  return
}

// -----

func.func @non_max_suppression_parameters(%b: tensor<1x6x4xf32>, %s: tensor<1x2x6xf32>, %n: tensor<2xi64>) {
  // expected-error @below {{'tenon.non_max_suppression' op expects parameters of one element, but got 'tensor<2xi64>'}}
  %0 = tenon.non_max_suppression %b, %s count(%n) : (tensor<1x6x4xf32>, tensor<1x2x6xf32>, tensor<2xi64>) -> tensor<?x3xi64>
  return
}
