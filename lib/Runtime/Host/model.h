//===- model.h - What a loaded model holds ------------------------------------------------------===//

#ifndef TENON_RUNTIME_HOST_MODEL_H
#define TENON_RUNTIME_HOST_MODEL_H

#include "tenon-rt/loader.h"

struct tenon_rt_model {
  const tenon_model *descriptor;
  // The handle of dlopen; null for a model that is linked in.
  void *library;
};

#endif // TENON_RUNTIME_HOST_MODEL_H
