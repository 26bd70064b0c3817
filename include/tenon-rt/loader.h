//===- tenon-rt/loader.h - Loads compiled models, checks arguments, runs ----------------------------===//
//
//   tenon_rt_model_load ─→ model (immutable, shared by all threads) ─→ a context per thread ─→ tenon_rt_run
//
// A function that can fail returns a tenon_status and, if it isn't TENON_OK, leaves a message that names the
// culprit in tenon_rt_last_error(): "input 'x' expects size 3 in dimension 1, but got 4".
//
// C11 and C++. Part of the library tenon_rt.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_RT_LOADER_H
#define TENON_RT_LOADER_H

#include "tenon-rt/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A loaded model. Immutable: any number of threads may use it at once.
typedef struct tenon_rt_model tenon_rt_model;

/// What one run at a time needs: a workspace and argument tables. One thread at a time may use a context.
typedef struct tenon_rt_context tenon_rt_context;

/// A tensor of the caller: dense, row-major, aligned as its elements.
typedef struct tenon_rt_array {
  /// The elements; null only if there are none. Those of inputs are not written to.
  void *data;
  /// A tenon_dtype.
  int32_t dtype;
  /// The number of sizes in `shape`.
  int32_t rank;
  /// The sizes, outermost first; may be null for rank 0.
  const int64_t *shape;
} tenon_rt_array;

/// Why the last function of this library that failed on this thread did: one line, never null, valid until
/// the next failure on this thread.
TENON_RT_API const char *tenon_rt_last_error(void);

/// Loads a shared library written by the compiler. Before any code of it runs, the file's layout is checked,
/// so that a truncated or foreign file is refused; then magic number, ABI version and the processor's
/// instruction sets. TENON_ERROR_NO_FILE, _NOT_A_MODEL, _ABI_VERSION, _CPU_FEATURE or _OUT_OF_MEMORY. The
/// caller owns `*model`.
TENON_RT_API int tenon_rt_model_load(const char *path, tenon_rt_model **model);

/// The same checks for a model that is linked into the program (`&<name>_model`).
TENON_RT_API int tenon_rt_model_open(const tenon_model *descriptor, tenon_rt_model **model);

/// Frees the model and unloads its library. No context of it may be left. Null is allowed.
TENON_RT_API void tenon_rt_model_release(tenon_rt_model *model);

/// What the model is; belongs to the model.
TENON_RT_API const tenon_model *tenon_rt_model_descriptor(const tenon_rt_model *model);

/// Finds the value of every symbol from the shapes of actual inputs and checks dtypes, ranks and sizes of all
/// of them; `data` isn't looked at. `symbols` has room for symbol_count values. TENON_ERROR_SHAPE, _DTYPE,
/// _INVALID_ARGUMENT.
TENON_RT_API int tenon_rt_solve_symbols(const tenon_rt_model *model, const tenon_rt_array *inputs,
                                        int32_t input_count, int64_t *symbols);

/// Writes the `tensor->rank` sizes that an input or output of the model has for these symbols into `shape`.
TENON_RT_API void tenon_rt_shape(const tenon_rt_model *model, const tenon_tensor *tensor,
                                 const int64_t *symbols, int64_t *shape);

/// Makes a context. `parallel` (may be null: one thread) must outlive it. The workspace is allocated here if
/// the model has no symbols. TENON_ERROR_OUT_OF_MEMORY. The caller owns `*context`; `model` must outlive it.
TENON_RT_API int tenon_rt_context_create(const tenon_rt_model *model, const tenon_parallel *parallel,
                                         tenon_rt_context **context);

/// Frees the context. Null is allowed.
TENON_RT_API void tenon_rt_context_destroy(tenon_rt_context *context);

/// Makes the workspace large enough for these symbols. Runs with symbols that need no more then allocate
/// nothing.
TENON_RT_API int tenon_rt_context_reserve(tenon_rt_context *context, const int64_t *symbols);

/// Runs with these weights instead of the embedded ones; they must outlive the context's use of them. Null
/// goes back to those. TENON_ERROR_INVALID_ARGUMENT if size or alignment isn't the model's.
TENON_RT_API int tenon_rt_context_set_weights(tenon_rt_context *context, const void *weights, int64_t bytes);

/// Has later runs watched through `profile`, which must outlive the context's use of it; null stops that.
/// TENON_ERROR_INVALID_ARGUMENT if the model was compiled without profiling.
TENON_RT_API int tenon_rt_context_set_profile(tenon_rt_context *context, const tenon_profile *profile);

/// Checks all arguments and runs the model. Shapes and dtypes of `outputs` must be those the model computes
/// (ask tenon_rt_shape). Allocates only if the workspace must grow, see tenon_rt_context_reserve.
TENON_RT_API int tenon_rt_run(tenon_rt_context *context, const tenon_rt_array *inputs, int32_t input_count,
                              const tenon_rt_array *outputs, int32_t output_count);

/// Uninitialized memory aligned to `alignment` (a power of two), at least 64 bytes; large blocks are aligned
/// to 2 MiB and ask for huge pages. Null if there is no memory, or `bytes` is negative. Free with
/// tenon_rt_free.
TENON_RT_API void *tenon_rt_allocate(int64_t bytes, int64_t alignment);

/// Frees what tenon_rt_allocate returned. Null is allowed.
TENON_RT_API void tenon_rt_free(void *memory);

/// Whether this machine's processor and system support the instruction set of that LLVM name ("avx512f");
/// false for a name that isn't in tenon-rt/features.def.
TENON_RT_API int tenon_rt_cpu_has(const char *feature);

#ifdef __cplusplus
}
#endif

#endif // TENON_RT_LOADER_H
