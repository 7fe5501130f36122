// What the sidecar is told of the editor's environment: a list of names, and nothing else. The editor's own environment
// holds people's API keys, tokens of other tools, and NODE_OPTIONS, which could load code into the sidecar.

import path from "node:path";

/** To find programs and libraries, and to know who and where we are. */
const SYSTEM = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TEMP", "TMP", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ"];

/** Without these, Windows finds neither its own libraries nor the folders of the user. */
const WINDOWS = [
  "SYSTEMROOT",
  "SYSTEMDRIVE",
  "WINDIR",
  "COMSPEC",
  "PATHEXT",
  "USERPROFILE",
  "USERNAME",
  "HOMEDRIVE",
  "HOMEPATH",
  "APPDATA",
  "LOCALAPPDATA",
  "PROGRAMDATA",
  "PROGRAMFILES",
  "PROCESSOR_ARCHITECTURE",
  "NUMBER_OF_PROCESSORS",
];

/** Where the model cache lies, and which graphics card local inference may use through which driver library. */
const LOCAL_MODELS = [
  "XDG_CACHE_HOME",
  "XDG_DATA_HOME",
  "XDG_RUNTIME_DIR",
  "LD_LIBRARY_PATH",
  "DYLD_LIBRARY_PATH",
  "CUDA_PATH",
  "CUDA_VISIBLE_DEVICES",
  "HIP_VISIBLE_DEVICES",
  "ROCR_VISIBLE_DEVICES",
  "HSA_OVERRIDE_GFX_VERSION",
  "VK_ICD_FILENAMES",
  "VK_DRIVER_FILES",
];

/**
 * Paths of certificates, so that a company's own authority is trusted, and proxies, which hold where the editor's settings name
 * none. A proxy's address can hold a password: it is nothing that the editor's environment does not hold already, and the
 * sidecar neither logs nor shows it.
 */
const NETWORK = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"];

const ALLOWED = new Set([...SYSTEM, ...WINDOWS, ...LOCAL_MODELS, ...NETWORK]);

/**
 * V8 lets the half of its heap where things are born grow to twice this many megabytes when many answers run at once, and does
 * not give it back. With a thousand streams this saves 100 MB and costs no processor time that could be measured.
 */
export const HEAP_FLAGS: readonly string[] = ["--max-semi-space-size=16"];

/** The flags of Node that let a debugger attach, where whoever develops Parley asks for it (`.vscode/launch.json`). */
export function debuggerFlags(source: NodeJS.ProcessEnv): readonly string[] {
  const port = source["PARLEY_SIDECAR_INSPECT"] ?? "";
  return /^\d+$/.test(port) ? [`--inspect=127.0.0.1:${port}`] : [];
}

/**
 * The sidecar's whole environment. Names are compared without case, since Windows writes `Path` and `SystemRoot`,
 * and proxies are usually named in lower case.
 * `ELECTRON_RUN_AS_NODE` makes the editor's own executable a plain Node. `storage`: Parley's own folder, null where it has none;
 * Node keeps the compiled bundles there, which shortens each later start by a sixth.
 */
export function sidecarEnvironment(source: NodeJS.ProcessEnv, storage: string | null): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {
    ELECTRON_RUN_AS_NODE: "1",
    ...(storage !== null && { NODE_COMPILE_CACHE: path.join(storage, "compiled") }),
  };
  for (const [name, value] of Object.entries(source)) {
    if (value !== undefined && ALLOWED.has(name.toUpperCase())) environment[name] = value;
  }
  return environment;
}
