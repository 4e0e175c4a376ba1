export type FaultPath = readonly (string | number)[];

/** Takes one fault, with its path below what is checked. */
export type Fault = (path: (string | number)[], message: string) => void;

/** A part of a document that is checked by rules, and what is known of its shape. */
export interface Place {
  /** Tells a fault at a path below this place. */
  fault(path: FaultPath, message: string): void;
  /** Whether what is at the path has the shape that it should, whole: rules are silent about what has not. */
  isSound(path: FaultPath): boolean;
  /** The place at a path below this one. */
  at(...path: FaultPath): Place;
}

/** A place in a document of which some paths are known to be faulty, from its shape. */
export function placeOf(fault: Fault, faulty: readonly FaultPath[], above: FaultPath = []): Place {
  return {
    fault: (path, message) => fault([...above, ...path], message),
    isSound: (path) => faulty.length === 0 || !faulty.some((known) => isOnWay(known, [...above, ...path])),
    at: (...path) => placeOf(fault, faulty, [...above, ...path]),
  };
}

/** Whether one of two paths leads to the other. */
function isOnWay(left: FaultPath, right: FaultPath): boolean {
  const [short, long] = left.length < right.length ? [left, right] : [right, left];
  return short.every((step, index) => long[index] === step);
}
