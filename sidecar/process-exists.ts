// Whether a process lives, by its pid.

export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Without the right to signal it, it still exists.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
