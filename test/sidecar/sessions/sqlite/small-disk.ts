// Disks of a few megabytes, to be filled up and made read-only.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A disk of its own; undefined where this machine or this user cannot have one. */
export async function mountDisk(context: TestContext, megabytes: number): Promise<string | undefined> {
  const disk = await mkdtemp(join(tmpdir(), "parley-disk-"));
  const mount = spawnSync("/bin/mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", disk]);
  context.after(async () => {
    if (mount.status === 0) execFileSync("/bin/umount", ["-l", disk]);
    await rm(disk, { recursive: true });
  });
  if (mount.status !== 0) return undefined;
  return disk;
}

/** Takes all the room that is left, by a file. */
export function fillDisk(disk: string): void {
  const descriptor = openSync(join(disk, "filler"), "w");
  try {
    for (const size of [1 << 16, 1 << 12, 1]) {
      try {
        while (writeSync(descriptor, Buffer.alloc(size)) === size);
      } catch (error) {
        assert.ok(error instanceof Error && "code" in error && error.code === "ENOSPC");
      }
    }
  } finally {
    closeSync(descriptor);
  }
}
