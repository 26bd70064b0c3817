//===- tenon-rt/model.h - A compiled model: a constant that describes it, a function that runs it ----===//
//
// A model compiled to an object exports one constant of type tenon_model, `<name>_model`; a shared library
// exports it a second time as `tenon_model_descriptor`, so that a loader finds it without knowing the name.
// Nothing else is exported: no state, no allocation, no library behind it. A program that links the object
// needs this header only; one that loads a shared library at run time can leave the checks to
// tenon-rt/loader.h.
//
// Everything here is read-only and may be used from any number of threads at once; two runs at the same time
// need a workspace each.
//
// C11 and C++, no dependencies. The layout is fixed by TENON_ABI_VERSION: each field at its natural
// alignment.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_RT_MODEL_H
#define TENON_RT_MODEL_H

#include "tenon-rt/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/// First field of every descriptor: "TNON" read as a little-endian number, so it also tells the byte order.
#define TENON_MODEL_MAGIC UINT32_C(0x4e4f4e54)
/// Version of every struct of this file; a descriptor of another version must not be read beyond its first
/// two fields.
#define TENON_ABI_VERSION UINT32_C(1)
/// The symbol under which a shared library exports its descriptor.
#define TENON_MODEL_SYMBOL "tenon_model_descriptor"

/// Flag of a model that was compiled with profiling: its runs read tenon_call.profile.
#define TENON_MODEL_PROFILE 1

/// What a function of the runtime or a run of a model returns: 0 for success, else the reason.
typedef enum tenon_status {
  TENON_OK = 0,
  TENON_ERROR_INVALID_ARGUMENT = 1, ///< A null pointer or a number out of range.
  TENON_ERROR_NO_FILE = 2,       ///< The artefact can't be opened, or isn't a shared library of this machine.
  TENON_ERROR_NOT_A_MODEL = 3,   ///< The library has no descriptor, or not one with the right magic number.
  TENON_ERROR_ABI_VERSION = 4,   ///< The descriptor is of another TENON_ABI_VERSION.
  TENON_ERROR_CPU_FEATURE = 5,   ///< The processor lacks an instruction set the model was compiled for.
  TENON_ERROR_SHAPE = 6,         ///< The rank or a size of an input isn't what the model expects.
  TENON_ERROR_DTYPE = 7,         ///< The element type of an input or output isn't what the model expects.
  TENON_ERROR_OUT_OF_MEMORY = 8, ///< An allocation failed, or a size doesn't fit the address space.
  TENON_ERROR_THREADS = 9,       ///< The system refused to start a thread.
  TENON_ERROR_EXECUTION = 10     ///< The model found at run time that it can't go on with these inputs.
} tenon_status;

/// A short text for a status: lower case, static, never null. Defined in the library tenon_rt.
TENON_RT_API const char *tenon_rt_status_text(int status);

/// How a model spreads work over threads: a hook its host fills in. tenon-rt/threads.h makes one.
typedef struct tenon_parallel {
  /// Passed to parallel_for as it is.
  void *context;
  /// Calls body(argument, begin, end) so that the half-open ranges cover [0, count) exactly once, from any
  /// threads and in any order, and returns when all calls have. It may be called from several threads at
  /// once, and from inside `body`.
  void (*parallel_for)(void *context, void (*body)(void *argument, int64_t begin, int64_t end),
                       void *argument, int64_t count);
  /// How many threads parallel_for uses at most, the caller's included: at least 1.
  int32_t threads;
} tenon_parallel;

/// How a host watches the kernels of a model that was compiled with profiling: a hook it fills in.
/// tenon-rt/profile.h makes one that notes times.
typedef struct tenon_profile {
  /// Passed to launch as it is.
  void *context;
  /// Called for each launch of a run, one after the other, and must do its work: call kernel(frame, begin,
  /// end) so that the half-open ranges cover [0, range) exactly once, on the calling thread if `parallel` is
  /// null, else from any threads, and return when all calls have. `launch` is the launch's place in
  /// "launches" of the manifest.
  void (*launch)(void *context, const tenon_parallel *parallel, int32_t launch,
                 void (*kernel)(void *frame, int64_t begin, int64_t end), void *frame, int64_t range);
} tenon_profile;

/// The arguments of one run. All pointers belong to the caller; tensors are dense, row-major and aligned as
/// their elements, and outputs overlap nothing else.
typedef struct tenon_call {
  /// One pointer per input of the descriptor, in its order; null is allowed for a tensor without elements.
  const void *const *inputs;
  /// One pointer per output; the model writes every element.
  void *const *outputs;
  /// The value of each symbol in the order of tenon_model.symbols; may be null if there are none. Not checked
  /// by the model: they must be what the inputs' shapes say.
  const int64_t *symbols;
  /// tenon_model.weights, or bytes of the same layout.
  const void *weights;
  /// workspace_bytes(symbols) bytes, aligned to workspace_alignment; contents before and after mean nothing.
  void *workspace;
  /// Threads to use; null runs on the calling thread alone.
  const tenon_parallel *parallel;
  /// Watches the kernels; null for a run as any other. Read only by models with TENON_MODEL_PROFILE.
  const tenon_profile *profile;
} tenon_call;

/// One size of a tensor, as an expression over the model's symbols. A static size is a constant alone.
typedef struct tenon_dim {
  /// The constant term; the size itself when `coefficients` and `evaluate` are null.
  int64_t constant;
  /// Size = constant + sum of coefficients[i] * symbols[i] over all symbols of the model. Null: no symbol
  /// takes part, or the expression isn't linear.
  const int64_t *coefficients;
  /// Computes a size that isn't linear in the symbols (floor(n / 2) after a pooling); null otherwise.
  int64_t (*evaluate)(const int64_t *symbols);
  /// The expression as text ("64", "batch", "2*sequence + 1").
  const char *text;
} tenon_dim;

/// An input or output of a model.
typedef struct tenon_tensor {
  /// The name in the source model.
  const char *name;
  /// A tenon_dtype.
  int32_t dtype;
  /// The number of dimensions; 0 for a scalar.
  int32_t rank;
  /// `rank` sizes, outermost first; null for rank 0.
  const tenon_dim *dims;
} tenon_tensor;

/// The descriptor: all there is to know of a compiled model. Texts are UTF-8 and never null.
typedef struct tenon_model {
  /// TENON_MODEL_MAGIC.
  uint32_t magic;
  /// TENON_ABI_VERSION.
  uint32_t abi_version;

  /// The model's name, a C identifier.
  const char *name;
  /// The LLVM target triple the code was compiled for.
  const char *triple;
  /// The LLVM name of the processor the code was tuned for.
  const char *cpu;
  /// The instruction sets the code may use, as LLVM names them, separated by commas ("avx2,fma"); those of
  /// tenon-rt/features.def only, which are all that code generation picks by itself. Empty: the triple's
  /// baseline.
  const char *features;

  int32_t input_count;
  int32_t output_count;
  int32_t symbol_count;
  /// A sum of TENON_MODEL_ constants; bits without one are 0.
  int32_t flags;

  /// `input_count` inputs; null if there are none.
  const tenon_tensor *inputs;
  /// `output_count` outputs.
  const tenon_tensor *outputs;
  /// The names of the sizes left open at compile time; null if there are none.
  const char *const *symbols;

  /// The embedded weights, aligned to weights_alignment; null if the model has none or is shipped apart from
  /// them.
  const void *weights;
  /// Size of the weights in bytes, embedded or not.
  int64_t weights_bytes;
  /// What `weights` must be aligned to, in bytes: a power of two.
  int64_t weights_alignment;

  /// The bytes of scratch memory a run needs with these symbols (null if the model has none); never negative.
  int64_t (*workspace_bytes)(const int64_t *symbols);
  /// What the workspace must be aligned to, in bytes: a power of two.
  int64_t workspace_alignment;

  /// Runs the model: TENON_OK or TENON_ERROR_EXECUTION. Re-entrant; allocates nothing.
  int32_t (*run)(const tenon_call *call);

  /// What was compiled, as JSON: kernels, arithmetic, memory traffic, schedules, compiler version.
  const char *manifest;
} tenon_model;

/// The value of a size for the given symbols; `symbol_count` is the model's.
static inline int64_t tenon_dim_value(const tenon_dim *dim, const int64_t *symbols, int32_t symbol_count) {
  int64_t value = dim->constant;
  int32_t i;
  if (dim->evaluate)
    return dim->evaluate(symbols);
  for (i = 0; dim->coefficients && i < symbol_count; ++i)
    value += dim->coefficients[i] * symbols[i];
  return value;
}

#ifdef __cplusplus
}
#endif

#endif // TENON_RT_MODEL_H
