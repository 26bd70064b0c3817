// Attention as one op, wherever exporters put its scale and mask.
// RUN: tenon-opt --tenon-recover-attention --canonicalize %s | FileCheck %s
// RUN: tenon-opt --tenon-recover-attention %s > %t && tenon-opt --tenon-recover-attention %t | diff %t -

// CHECK-LABEL: func.func @scaled_and_masked_scores(
// CHECK-NOT: tenon.matmul
// CHECK: tenon.attention %arg0, %arg1, %arg2 mask(%arg3) {scale = 1.250000e-01 : f32}
// CHECK-NOT: tenon.matmul
func.func @scaled_and_masked_scores(%q: tensor<1x2x3x8xf32>, %k: tensor<1x2x5x8xf32>, %v: tensor<1x2x5x6xf32>, %m: tensor<3x5xf32>) -> tensor<1x2x3x6xf32> {
  %c = tenon.constant dense<8.0> : tensor<f32>
  %t = tenon.transpose %k {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x2x5x8xf32>) -> tensor<1x2x8x5xf32>
  %s = tenon.matmul %q, %t : (tensor<1x2x3x8xf32>, tensor<1x2x8x5xf32>) -> tensor<1x2x3x5xf32>
  %d = tenon.div %s, %c : (tensor<1x2x3x5xf32>, tensor<f32>) -> tensor<1x2x3x5xf32>
  %a = tenon.add %d, %m : (tensor<1x2x3x5xf32>, tensor<3x5xf32>) -> tensor<1x2x3x5xf32>
  %w = tenon.softmax %a {axis = 3 : i64} : (tensor<1x2x3x5xf32>) -> tensor<1x2x3x5xf32>
  %y = tenon.matmul %w, %v : (tensor<1x2x3x5xf32>, tensor<1x2x5x6xf32>) -> tensor<1x2x3x6xf32>
  return %y : tensor<1x2x3x6xf32>
}

// Half of the scale on either side; heads still to be split from rows.
// CHECK-LABEL: func.func @scaled_queries_and_keys(
// CHECK: %[[K:.+]] = tenon.transpose %arg1 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x5x2x8xf32>) -> tensor<1x2x5x8xf32>
// CHECK: tenon.attention %arg0, %[[K]], %arg2 {scale = 2.500000e-01 : f32}
func.func @scaled_queries_and_keys(%q: tensor<1x2x3x8xf32>, %k: tensor<1x5x2x8xf32>, %v: tensor<1x2x5x6xf32>) -> tensor<1x2x3x6xf32> {
  %c = tenon.constant dense<0.5> : tensor<f32>
  %0 = tenon.mul %q, %c : (tensor<1x2x3x8xf32>, tensor<f32>) -> tensor<1x2x3x8xf32>
  %1 = tenon.transpose %k {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x5x2x8xf32>) -> tensor<1x2x8x5xf32>
  %2 = tenon.mul %1, %c : (tensor<1x2x8x5xf32>, tensor<f32>) -> tensor<1x2x8x5xf32>
  %s = tenon.matmul %0, %2 : (tensor<1x2x3x8xf32>, tensor<1x2x8x5xf32>) -> tensor<1x2x3x5xf32>
  %w = tenon.softmax %s {axis = 3 : i64} : (tensor<1x2x3x5xf32>) -> tensor<1x2x3x5xf32>
  %y = tenon.matmul %w, %v : (tensor<1x2x3x5xf32>, tensor<1x2x5x6xf32>) -> tensor<1x2x3x6xf32>
  return %y : tensor<1x2x3x6xf32>
}

// A number so low that nothing of a score is left beside it may be added to the score.
// CHECK-LABEL: func.func @chosen_scores(
// CHECK-DAG: %[[ZERO:.+]] = tenon.constant dense<0.0
// CHECK-DAG: %[[LOW:.+]] = tenon.constant dense<-3.4
// CHECK: %[[M:.+]] = tenon.select %arg3, %[[LOW]], %[[ZERO]] : (tensor<?x1x1x5xi1
// CHECK: tenon.attention %arg0, %arg1, %arg2 mask(%[[M]]) {scale = 1.0{{.*}}} : {{.+}} -> tensor<?x2x3x6xf32, #tenon.dims<[batch, 2, 3, 6]>>
func.func @chosen_scores(%q: tensor<?x2x3x8xf32, #tenon.dims<[batch, 2, 3, 8]>>, %k: tensor<?x2x5x8xf32, #tenon.dims<[batch, 2, 5, 8]>>, %v: tensor<?x2x5x6xf32, #tenon.dims<[batch, 2, 5, 6]>>, %hidden: tensor<?x1x1x5xi1, #tenon.dims<[batch, 1, 1, 5]>>) -> tensor<?x2x3x6xf32, #tenon.dims<[batch, 2, 3, 6]>> {
  %c = tenon.constant dense<-3.4e38> : tensor<f32>
  %s = tenon.matmul %q, %k {transpose_rhs} : (tensor<?x2x3x8xf32, #tenon.dims<[batch, 2, 3, 8]>>, tensor<?x2x5x8xf32, #tenon.dims<[batch, 2, 5, 8]>>) -> tensor<?x2x3x5xf32, #tenon.dims<[batch, 2, 3, 5]>>
  %m = tenon.select %hidden, %c, %s : (tensor<?x1x1x5xi1, #tenon.dims<[batch, 1, 1, 5]>>, tensor<f32>, tensor<?x2x3x5xf32, #tenon.dims<[batch, 2, 3, 5]>>) -> tensor<?x2x3x5xf32, #tenon.dims<[batch, 2, 3, 5]>>
  %w = tenon.softmax %m {axis = 3 : i64} : (tensor<?x2x3x5xf32, #tenon.dims<[batch, 2, 3, 5]>>) -> tensor<?x2x3x5xf32, #tenon.dims<[batch, 2, 3, 5]>>
  %y = tenon.matmul %w, %v : (tensor<?x2x3x5xf32, #tenon.dims<[batch, 2, 3, 5]>>, tensor<?x2x5x6xf32, #tenon.dims<[batch, 2, 5, 6]>>) -> tensor<?x2x3x6xf32, #tenon.dims<[batch, 2, 3, 6]>>
  return %y : tensor<?x2x3x6xf32, #tenon.dims<[batch, 2, 3, 6]>>
}

// CHECK-LABEL: func.func @two_masks_of_heads_alone(
// CHECK: %[[SUM:.+]] = tenon.add %arg4, %arg3 : (tensor<5xf32>, tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
// CHECK: tenon.attention %{{.+}}, %{{.+}}, %{{.+}} mask(%[[SUM]]) {{.+}} -> tensor<1x2x3x6xf32>
// CHECK: tenon.reshape %{{.+}} : (tensor<1x2x3x6xf32>) -> tensor<2x3x6xf32>
func.func @two_masks_of_heads_alone(%q: tensor<2x3x8xf32>, %k: tensor<2x5x8xf32>, %v: tensor<2x5x6xf32>, %m: tensor<2x3x5xf32>, %n: tensor<5xf32>) -> tensor<2x3x6xf32> {
  %s = tenon.matmul %q, %k {transpose_rhs} : (tensor<2x3x8xf32>, tensor<2x5x8xf32>) -> tensor<2x3x5xf32>
  %0 = tenon.add %m, %s : (tensor<2x3x5xf32>, tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
  %1 = tenon.add %0, %n : (tensor<2x3x5xf32>, tensor<5xf32>) -> tensor<2x3x5xf32>
  %w = tenon.softmax %1 {axis = 2 : i64} : (tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
  %y = tenon.matmul %w, %v : (tensor<2x3x5xf32>, tensor<2x5x6xf32>) -> tensor<2x3x6xf32>
  return %y : tensor<2x3x6xf32>
}

// The mask is scaled, too.
// CHECK-LABEL: func.func @scaled_after_the_mask(
// CHECK-NOT: tenon.attention
// CHECK: return
func.func @scaled_after_the_mask(%q: tensor<2x3x8xf32>, %k: tensor<2x5x8xf32>, %v: tensor<2x5x6xf32>, %m: tensor<3x5xf32>) -> tensor<2x3x6xf32> {
  %c = tenon.constant dense<0.5> : tensor<f32>
  %s = tenon.matmul %q, %k {transpose_rhs} : (tensor<2x3x8xf32>, tensor<2x5x8xf32>) -> tensor<2x3x5xf32>
  %0 = tenon.add %s, %m : (tensor<2x3x5xf32>, tensor<3x5xf32>) -> tensor<2x3x5xf32>
  %1 = tenon.mul %0, %c : (tensor<2x3x5xf32>, tensor<f32>) -> tensor<2x3x5xf32>
  %w = tenon.softmax %1 {axis = 2 : i64} : (tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
  %y = tenon.matmul %w, %v : (tensor<2x3x5xf32>, tensor<2x5x6xf32>) -> tensor<2x3x6xf32>
  return %y : tensor<2x3x6xf32>
}

// A query that sees no key spreads over all of them alike; with -10000 added it would not.
// CHECK-LABEL: func.func @chosen_by_a_number_that_counts(
// CHECK-NOT: tenon.attention
// CHECK: return
func.func @chosen_by_a_number_that_counts(%q: tensor<2x3x8xf32>, %k: tensor<2x5x8xf32>, %v: tensor<2x5x6xf32>, %seen: tensor<3x5xi1>) -> tensor<2x3x6xf32> {
  %c = tenon.constant dense<-10000.0> : tensor<f32>
  %s = tenon.matmul %q, %k {transpose_rhs} : (tensor<2x3x8xf32>, tensor<2x5x8xf32>) -> tensor<2x3x5xf32>
  %0 = tenon.select %seen, %s, %c : (tensor<3x5xi1>, tensor<2x3x5xf32>, tensor<f32>) -> tensor<2x3x5xf32>
  %w = tenon.softmax %0 {axis = 2 : i64} : (tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
  %y = tenon.matmul %w, %v : (tensor<2x3x5xf32>, tensor<2x5x6xf32>) -> tensor<2x3x6xf32>
  return %y : tensor<2x3x6xf32>
}

// CHECK-LABEL: func.func @weights_used_elsewhere(
// CHECK-NOT: tenon.attention
// CHECK: return
func.func @weights_used_elsewhere(%q: tensor<2x3x8xf32>, %k: tensor<2x5x8xf32>, %v: tensor<2x5x6xf32>) -> (tensor<2x3x6xf32>, tensor<2x3x5xf32>) {
  %s = tenon.matmul %q, %k {transpose_rhs} : (tensor<2x3x8xf32>, tensor<2x5x8xf32>) -> tensor<2x3x5xf32>
  %w = tenon.softmax %s {axis = 2 : i64} : (tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
  %y = tenon.matmul %w, %v : (tensor<2x3x5xf32>, tensor<2x5x6xf32>) -> tensor<2x3x6xf32>
  return %y, %w : tensor<2x3x6xf32>, tensor<2x3x5xf32>
}

// A block of scores could be of any size.
// CHECK-LABEL: func.func @keys_of_open_size(
// CHECK-NOT: tenon.attention
// CHECK: return
func.func @keys_of_open_size(%q: tensor<2x3x8xf32>, %k: tensor<2x?x8xf32, #tenon.dims<[2, keys, 8]>>, %v: tensor<2x?x6xf32, #tenon.dims<[2, keys, 6]>>) -> tensor<2x3x6xf32> {
  %s = tenon.matmul %q, %k {transpose_rhs} : (tensor<2x3x8xf32>, tensor<2x?x8xf32, #tenon.dims<[2, keys, 8]>>) -> tensor<2x3x?xf32, #tenon.dims<[2, 3, keys]>>
  %w = tenon.softmax %s {axis = 2 : i64} : (tensor<2x3x?xf32, #tenon.dims<[2, 3, keys]>>) -> tensor<2x3x?xf32, #tenon.dims<[2, 3, keys]>>
  %y = tenon.matmul %w, %v : (tensor<2x3x?xf32, #tenon.dims<[2, 3, keys]>>, tensor<2x?x6xf32, #tenon.dims<[2, keys, 6]>>) -> tensor<2x3x6xf32>
  return %y : tensor<2x3x6xf32>
}

// CHECK-LABEL: func.func @keys_of_more_than_a_cache(
// CHECK-NOT: tenon.attention
// CHECK: return
func.func @keys_of_more_than_a_cache(%q: tensor<1x3x512xf32>, %k: tensor<1x1024x512xf32>, %v: tensor<1x1024x6xf32>) -> tensor<1x3x6xf32> {
  %s = tenon.matmul %q, %k {transpose_rhs} : (tensor<1x3x512xf32>, tensor<1x1024x512xf32>) -> tensor<1x3x1024xf32>
  %w = tenon.softmax %s {axis = 2 : i64} : (tensor<1x3x1024xf32>) -> tensor<1x3x1024xf32>
  %y = tenon.matmul %w, %v : (tensor<1x3x1024xf32>, tensor<1x1024x6xf32>) -> tensor<1x3x6xf32>
  return %y : tensor<1x3x6xf32>
}
