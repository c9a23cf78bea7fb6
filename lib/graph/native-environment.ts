export interface NativeEnvironmentOptions {
  /**
   * Let XLA fuse chains of element-wise operations and reductions (`TF_XLA_FLAGS`); matrix products stay with
   * TensorFlow's own kernels, which are faster. Takes seconds at the first runs of each step; the README says where
   * it pays.
   */
  readonly xla?: boolean;
}

/**
 * The environment variables of a process that trains, to be set before it starts (both glibc and TensorFlow read
 * them once):
 *
 *     spawn(process.execPath, ['train.ts'], { env: { ...process.env, ...nativeEnvironment() } })
 *
 * By default glibc takes each large temporary tensor from the kernel and gives it back, so that every step pays for
 * faulting its pages in anew. These settings keep the memory in the process: its peak stays the same, but it is
 * not returned between steps. They mean nothing to other C libraries.
 */
export function nativeEnvironment(
  options: NativeEnvironmentOptions = {},
): Readonly<Record<string, string>> {
  const environment: Record<string, string> = {
    // Allocations up to 4 GiB come from the heap, not from mmap.
    MALLOC_MMAP_THRESHOLD_: String(2 ** 32),
    // The heap's free end is given back only above 8 GiB.
    MALLOC_TRIM_THRESHOLD_: String(2 ** 33),
    // The heap grows by 256 MiB at a time.
    MALLOC_TOP_PAD_: String(2 ** 28),
    // One heap for all threads: a table that one of them frees is room for that of another.
    MALLOC_ARENA_MAX: '1',
    TF_CPP_MIN_LOG_LEVEL: '2',
  };
  if (options.xla) {
    environment.TF_XLA_FLAGS =
      '--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit --tf_xla_ops_to_cluster=FUSIBLE';
  }
  return environment;
}
