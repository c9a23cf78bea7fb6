// Preloaded into a process that runs TensorFlow sessions through the binding, which asks for no trace: while the environment variable
// STEP_TRACE names a file, each TF_SessionRun is asked for a full trace, and its RunMetadata (a protocol buffer) is written there.
#include <dlfcn.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

// What tensorflow/c/tf_buffer.h declares.
struct TF_Buffer {
  const void* data;
  size_t length;
  void (*data_deallocator)(void* data, size_t length);
};

namespace {
using Run = void (*)(void*, const TF_Buffer*, const void*, void* const*, int, const void*, void**, int, const void* const*, int,
                     TF_Buffer*, void*);

void* library() {
  static void* handle = dlopen("libtensorflow_cc.so.2", RTLD_NOLOAD | RTLD_LAZY);
  return handle;
}

void write(const char* path, const TF_Buffer& buffer) {
  FILE* file = std::fopen(path, "wb");
  if (file == nullptr) return;
  std::fwrite(buffer.data, 1, buffer.length, file);
  std::fclose(file);
}
}  // namespace

extern "C" void TF_SessionRun(void* session, const TF_Buffer* options, const void* inputs, void* const* input_values, int ninputs,
                              const void* outputs, void** output_values, int noutputs, const void* const* targets, int ntargets,
                              TF_Buffer* metadata, void* status) {
  static const Run run = reinterpret_cast<Run>(dlsym(library(), "TF_SessionRun"));
  const char* path = std::getenv("STEP_TRACE");
  if (path == nullptr || path[0] == '\0' || metadata != nullptr) {
    run(session, options, inputs, input_values, ninputs, outputs, output_values, noutputs, targets, ntargets, metadata, status);
    return;
  }
  // RunOptions { trace_level: FULL_TRACE }: field 1, a varint, 3.
  static const uint8_t traced[] = {0x08, 0x03};
  const TF_Buffer asked{traced, sizeof traced, nullptr};
  TF_Buffer told{nullptr, 0, nullptr};
  run(session, &asked, inputs, input_values, ninputs, outputs, output_values, noutputs, targets, ntargets, &told, status);
  if (told.data == nullptr) return;
  write(path, told);
  if (told.data_deallocator != nullptr) told.data_deallocator(const_cast<void*>(told.data), told.length);
}
