//===- LoadedModel.h - A compiled model, loaded and ready to run ------------------------------===//

#ifndef TENON_TOOLS_TENON_LOADEDMODEL_H
#define TENON_TOOLS_TENON_LOADEDMODEL_H

#include "HostArray.h"

#include "tenon-rt/loader.h"
#include "tenon-rt/threads.h"

#include <cstdint>
#include <string>
#include <vector>

/// Values of a model's symbols as the user gives them: "batch=1".
std::vector<int64_t> parseSymbols(const tenon_model &model, const std::vector<std::string> &texts);

/// "image  float32  [1, 3, 224, 224]", sizes as text where they are open.
std::vector<std::string> describeTensor(const tenon_tensor &tensor);

/// The arrays of a run, which must outlive this.
struct Arguments {
  Arguments(const std::vector<HostArray> &inputs, const std::vector<HostArray> &outputs);

  std::vector<tenon_rt_array> inputs, outputs;
};

/// A model, the threads it runs on, and a context. Functions throw a Failure with the runtime's message.
class LoadedModel {
public:
  /// Loads the shared library at `path`. `threads` of 0 stands for the processors this process may use.
  LoadedModel(const std::string &path, int threads);

  const tenon_model &descriptor() const { return *tenon_rt_model_descriptor(model.get()); }
  const tenon_tensor *findInput(const std::string &name) const;
  int threads() const { return threadCount; }

  /// The sizes of an input or output for these values of the symbols.
  std::vector<int64_t> shapeOf(const tenon_tensor &tensor, const std::vector<int64_t> &symbols) const;
  /// The values of the symbols that the inputs' shapes say; checks all of them.
  std::vector<int64_t> solveSymbols(const std::vector<HostArray> &inputs) const;
  /// Uninitialized outputs.
  std::vector<HostArray> makeOutputs(const std::vector<int64_t> &symbols) const;

  /// Runs once. Building `Arguments` once makes repeated calls as lean as a host's.
  void run(const Arguments &arguments) {
    check(tenon_rt_run(context.get(), arguments.inputs.data(), static_cast<int32_t>(arguments.inputs.size()),
                       arguments.outputs.data(), static_cast<int32_t>(arguments.outputs.size())));
  }

  /// Has runs watched through `profile`, or no more if it is null.
  void setProfile(const tenon_profile *profile) {
    check(tenon_rt_context_set_profile(context.get(), profile));
  }

private:
  static void check(int status);

  template <typename T>
  using Handle = std::unique_ptr<T, void (*)(T *)>;

  int threadCount;
  // In this order: a context goes before what it uses.
  Handle<tenon_rt_pool> pool{nullptr, tenon_rt_pool_destroy};
  Handle<tenon_rt_model> model{nullptr, tenon_rt_model_release};
  Handle<tenon_rt_context> context{nullptr, tenon_rt_context_destroy};
};

#endif // TENON_TOOLS_TENON_LOADEDMODEL_H
