//===- loader.c - From a file, or a descriptor that is linked in, to a checked model ------------===//

#include "tenon-rt/loader.h"

#include "elf_file.h"
#include "error.h"
#include "model.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_features(const tenon_model *descriptor) {
  char name[64];
  for (const char *rest = descriptor->features; *rest;) {
    size_t length = strcspn(rest, ",");
    snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1), rest);
    if (!tenon_rt_cpu_has(name))
      return fail(TENON_ERROR_CPU_FEATURE,
                  "model '%s' was compiled for '%s': this processor or system doesn't support '%s'",
                  descriptor->name, descriptor->cpu, name);
    rest += length;
    rest += *rest == ',';
  }
  return TENON_OK;
}

static int check_descriptor(const tenon_model *descriptor) {
  if (descriptor->magic != TENON_MODEL_MAGIC)
    return fail(TENON_ERROR_NOT_A_MODEL, "not a compiled model: expected magic number %#x, but got %#x",
                TENON_MODEL_MAGIC, descriptor->magic);
  if (descriptor->abi_version != TENON_ABI_VERSION)
    return fail(TENON_ERROR_ABI_VERSION, "expected a model of ABI version %u, but got version %u",
                TENON_ABI_VERSION, descriptor->abi_version);
  if (!descriptor->run || !descriptor->workspace_bytes)
    return fail(TENON_ERROR_NOT_A_MODEL, "the model '%s' has no code", descriptor->name);
  return check_features(descriptor);
}

static int make_model(const tenon_model *descriptor, void *library, tenon_rt_model **result) {
  int status = check_descriptor(descriptor);
  if (status)
    return status;
  tenon_rt_model *model = malloc(sizeof *model);
  if (!model)
    return fail(TENON_ERROR_OUT_OF_MEMORY, "no memory for the model '%s'", descriptor->name);
  model->descriptor = descriptor;
  model->library = library;
  *result = model;
  return TENON_OK;
}

int tenon_rt_model_open(const tenon_model *descriptor, tenon_rt_model **model) {
  if (!model || !descriptor)
    return fail(TENON_ERROR_INVALID_ARGUMENT,
                "expected a descriptor and a place for the model, but got null");
  *model = NULL;
  return make_model(descriptor, NULL, model);
}

// Writes a name of the file `path` that tells it from other files which were at that path: the bits of its
// inode number as "/" and "./" between folder and file, which mean nothing to the system.
static void write_unique_name(const char *path, uint64_t inode, char *name) {
  const char *file = strrchr(path, '/') + 1;
  memcpy(name, path, (size_t)(file - path));
  name += file - path;
  for (; inode; inode >>= 1) {
    if (inode & 1)
      *name++ = '.';
    *name++ = '/';
  }
  strcpy(name, file);
}

static int open_library(const char *path, void **library) {
  uint64_t inode;
  int status = check_elf_file(path, &inode);
  if (status)
    return status;
  size_t room = strlen(path) + sizeof "./" + 2 * 64;
  char *name = malloc(2 * room);
  if (!name)
    return fail(TENON_ERROR_OUT_OF_MEMORY, "no memory for the path '%s'", path);
  // Without a slash, the system's loader would search its own folders.
  snprintf(name, room, "%s%s", strchr(path, '/') ? "" : "./", path);
  // It knows libraries by name: one that is in use would be found again even if the file was replaced since.
  void *in_use = dlopen(name, RTLD_LAZY | RTLD_NOLOAD);
  if (in_use) {
    write_unique_name(name, inode, name + room);
    memmove(name, name + room, strlen(name + room) + 1);
  }
  *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  free(name);
  status = *library ? TENON_OK : fail(TENON_ERROR_NO_FILE, "can't load '%s': %s", path, dlerror());
  if (in_use)
    dlclose(in_use);
  return status;
}

int tenon_rt_model_load(const char *path, tenon_rt_model **model) {
  if (!model || !path)
    return fail(TENON_ERROR_INVALID_ARGUMENT, "expected a path and a place for the model, but got null");
  *model = NULL;
  void *library = NULL;
  int status = open_library(path, &library);
  if (status)
    return status;

  const tenon_model *descriptor = dlsym(library, TENON_MODEL_SYMBOL);
  if (!descriptor)
    status = fail(TENON_ERROR_NOT_A_MODEL, "'%s' is not a compiled model: it has no symbol '%s'", path,
                  TENON_MODEL_SYMBOL);
  else
    status = make_model(descriptor, library, model);
  if (status)
    dlclose(library);
  return status;
}

void tenon_rt_model_release(tenon_rt_model *model) {
  if (!model)
    return;
  if (model->library)
    dlclose(model->library);
  free(model);
}

const tenon_model *tenon_rt_model_descriptor(const tenon_rt_model *model) { return model->descriptor; }
