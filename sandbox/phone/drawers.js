/** The two side panels. On a wide window they stand beside the phone; on a narrow one they slide in. */

export function drawers(people, panel, scrim) {
  const sides = { people, panel };
  const narrow = matchMedia("(max-width: 1099px)");
  let opener = null;

  function open(name) {
    if (narrow.matches) {
      opener = document.activeElement;
      document.body.dataset.drawer = name;
      settle();
    }
    sides[name].querySelector("[aria-current], button").focus({ preventScroll: true });
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
      side.inert = narrow.matches && document.body.dataset.drawer !== name;
    }
    scrim.hidden = !document.body.dataset.drawer;
  }

  scrim.addEventListener("click", close);
  document.addEventListener("keydown", (event) => event.key === "Escape" && close());
  narrow.addEventListener("change", () => {
    delete document.body.dataset.drawer;
    settle();
  });
  settle();
  return { open, close };
}
