/** The two sides. On a wide window they stand beside the phones; where there is no room they slide in. */

export function drawers(people, desk, scrim) {
  const sides = { people, desk };
  let opener = null;

  /** Whether a side is a drawer now: the style sheet decides, by the room that the phones leave. */
  const narrow = (name) => getComputedStyle(sides[name]).position === "fixed";

  function open(name) {
    if (narrow(name)) {
      opener = document.activeElement;
      document.body.dataset.drawer = name;
      settle();
    }
    sides[name].querySelector("[aria-current], [aria-selected=true], button")?.focus({ preventScroll: true });
  }

  function close() {
    if (!document.body.dataset.drawer) return;
    delete document.body.dataset.drawer;
    settle();
    opener?.focus({ preventScroll: true });
  }

  /** A drawer that is out of sight is out of the Tab order too. */
  function settle() {
    for (const [name, side] of Object.entries(sides)) {
      side.inert = narrow(name) && document.body.dataset.drawer !== name;
    }
    scrim.hidden = !document.body.dataset.drawer;
  }

  scrim.addEventListener("click", close);
  document.addEventListener("keydown", (event) => event.key === "Escape" && !document.querySelector("dialog[open]") && close());
  const wide = { people: null, desk: null };
  new ResizeObserver(() => {
    const now = { people: narrow("people"), desk: narrow("desk") };
    if (now.people === wide.people && now.desk === wide.desk) return;
    Object.assign(wide, now);
    delete document.body.dataset.drawer;
    settle();
  }).observe(document.body);
  new MutationObserver(settle).observe(document.body, { attributeFilter: ["data-phones"] });
  settle();
  return { open, close, narrow };
}
