// The environment of the inference process: an allow-list, so that no key and no option of Node's own ever reaches native code.

/** What an operating system, a temporary folder and graphics drivers need. */
const ALLOWED = [
  /^(PATH|PATHEXT|HOME|USERPROFILE|TMPDIR|TEMP|TMP|LANG|LC_[A-Z]+|TZ)$/iu,
  /^(SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PROGRAMDATA|PROGRAMFILES|LOCALAPPDATA|APPDATA)$/iu,
  /^(LD_LIBRARY_PATH|DYLD_LIBRARY_PATH|CUDA_[A-Z0-9_]+|NVIDIA_[A-Z0-9_]+|VK_[A-Z0-9_]+|HIP_[A-Z0-9_]+|GGML_[A-Z0-9_]+)$/u,
];

/**
 * One thread for native work that is not llama.cpp's own. When a batch was decoded, node-llama-cpp chooses the next token of each
 * of its sequences on a thread of this pool, and llama.cpp (ggml-org/llama.cpp#14853) brings a batch's logits into their order
 * when they are first asked for, without a lock: two threads that ask at once leave rows swapped, and an answer gets a token of
 * another one. Measured with three answers at once: 110 of 240 were wrong, and none with one thread, at the same speed.
 */
const ONE_AT_A_TIME = { UV_THREADPOOL_SIZE: "1" };

export function inferenceEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => ALLOWED.some((pattern) => pattern.test(name)));
  // The editor's executable is Node only when it is told so.
  const asNode = environment["ELECTRON_RUN_AS_NODE"];
  return { ...Object.fromEntries(kept), ...ONE_AT_A_TIME, ...(asNode === undefined ? {} : { ELECTRON_RUN_AS_NODE: asNode }) };
}
