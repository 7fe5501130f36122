// The environment of the inference process: an allow-list, so that no key and no option of Node's own ever reaches native code.

/** What an operating system, a temporary folder and graphics drivers need. */
const ALLOWED = [
  /^(PATH|PATHEXT|HOME|USERPROFILE|TMPDIR|TEMP|TMP|LANG|LC_[A-Z]+|TZ)$/iu,
  /^(SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PROGRAMDATA|PROGRAMFILES|LOCALAPPDATA|APPDATA)$/iu,
  /^(LD_LIBRARY_PATH|DYLD_LIBRARY_PATH|CUDA_[A-Z0-9_]+|NVIDIA_[A-Z0-9_]+|VK_[A-Z0-9_]+|HIP_[A-Z0-9_]+|GGML_[A-Z0-9_]+)$/u,
];

export function inferenceEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => ALLOWED.some((pattern) => pattern.test(name)));
  // The editor's executable is Node only when it is told so.
  const asNode = environment["ELECTRON_RUN_AS_NODE"];
  return { ...Object.fromEntries(kept), ...(asNode === undefined ? {} : { ELECTRON_RUN_AS_NODE: asNode }) };
}
