/** Work that can wait for the next picture on the screen: however often it is asked for, it is done once. */

const due = new Set();

export function onFrame(work) {
  if (due.size === 0) requestAnimationFrame(run);
  due.add(work);
}

function run() {
  const works = [...due];
  due.clear();
  for (const work of works) work();
}
