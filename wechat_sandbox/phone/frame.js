/** Collect work for the next animation frame: a function that is asked for several times runs once. */

/** @type {Set<() => void>} */
const due = new Set();

/** @param {() => void} work */
export function onFrame(work) {
  if (due.size === 0) requestAnimationFrame(run);
  due.add(work);
}

function run() {
  const works = [...due];
  due.clear();
  for (const work of works) work();
}
