import { commandOf, parentOf, startOf } from "./process-identity.ts";

const LOOK_MS = 500;
const SHELLS = new Set(["sh", "dash", "bash", "zsh", "ash", "busybox"]);

/**
 * Calls back once when the npm that runs this process has gone without a word, as by SIGKILL.
 *
 * Without npm nothing is watched: a stack started in another way may outlive who started it.
 */
export function onNpmGone(callback: () => void): void {
  if (process.env["npm_lifecycle_event"] === undefined) {
    return;
  }
  const watched = npmProcesses().map((pid) => ({ pid, start: startOf(pid) }));
  const timer = setInterval(() => {
    if (watched.some(({ pid, start }) => startOf(pid) !== start)) {
      clearInterval(timer);
      callback();
    }
  }, LOOK_MS);
  timer.unref();
}

/** npm runs a script by a shell; most shells put the command in their own place, some stay between. */
function npmProcesses(): number[] {
  const parent = process.ppid;
  const grandparent = parentOf(parent);
  const isShellBetween = SHELLS.has(commandOf(parent) ?? "");
  return [parent, ...(isShellBetween && grandparent !== undefined ? [grandparent] : [])];
}
