export interface RuntimeTarget {
  readonly platform: string;
  readonly arch: string;
  /** Set where the C library is not glibc. */
  readonly libc?: string | undefined;
}
export interface InstallOptions {
  readonly folder: string;
  readonly runNpm: (args: readonly string[], cwd: string) => Promise<void> | void;
  readonly log: (line: string) => void;
  readonly target?: RuntimeTarget;
}
export interface InstallOutcome {
  readonly changed: boolean;
  readonly backend?: string;
  readonly reason?: string;
}
interface LockEntry {
  readonly version?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
}
export interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
}
export interface Lock {
  readonly packages: Readonly<Record<string, LockEntry>>;
}
export function hostTarget(): RuntimeTarget;
export function backendFor(target: RuntimeTarget): { readonly backend?: string; readonly reason?: string };
export function narrowLock(manifest: Manifest, lock: Lock, backend: string | undefined): { manifest: Manifest; lock: Lock };
export function installLocalRuntime(options: InstallOptions): Promise<InstallOutcome>;
