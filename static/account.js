// Count the seconds until the user can ask for another code, and enable the button then.
const line = /** @type {HTMLElement} */ (document.getElementById("wait"));
const button = /** @type {HTMLButtonElement} */ (document.getElementById("again"));
const seconds = /** @type {HTMLElement} */ (document.getElementById("seconds"));
const end = performance.now() + Number(seconds.textContent) * 1000;

function show() {
  const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
  seconds.textContent = String(left);
  button.disabled = left > 0;
  line.style.visibility = left ? "" : "hidden"; // the lines below stay where they are
  if (left) setTimeout(show, 250);
}

show();
