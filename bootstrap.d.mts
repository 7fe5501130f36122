export class SetupError extends Error {}
export function fits(version: string): boolean;
export function runNpm(args: readonly string[], cwd: string, log?: (line: string) => void): Promise<void>;
export function installLocked(folder: string, what: string, log?: (line: string) => void): Promise<boolean>;
