// The progress of work that a person waits for, as a notification with *Cancel*.

import * as vscode from "vscode";
import { type ProgressStep, showIfItLasts } from "./progress-times.ts";

export interface WorkProgress {
  readonly report: (step: ProgressStep) => void;
  /** Cancelled by the notification's button. */
  readonly token: vscode.CancellationToken;
}

/** As `work` ends. The notification is gone by then, so that whatever is told next stands alone. What is done in a moment has none. */
export async function withProgress<T>(title: string, work: (progress: WorkProgress) => Promise<T>): Promise<T> {
  const source = new vscode.CancellationTokenSource();
  const options = { location: vscode.ProgressLocation.Notification, cancellable: true, title };
  try {
    return await showIfItLasts(
      {
        show: (task) =>
          vscode.window.withProgress(options, async (progress, token) => {
            const listener = token.onCancellationRequested(() => source.cancel());
            try {
              await task((step) => progress.report(step));
            } finally {
              listener.dispose();
            }
          }),
        // What an extension asks for is done in its order: when this is answered, the notification stands. Nothing reads the value.
        caughtUp: () => vscode.commands.executeCommand("setContext", "parley.showsProgress", true),
      },
      (report) => work({ report, token: source.token }),
    );
  } finally {
    source.dispose();
  }
}
