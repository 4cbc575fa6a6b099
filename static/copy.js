// Make buttons copy the text of the element that `data-copies` names. Browsers allow it on https only.
/** @type {NodeListOf<HTMLButtonElement>} */
const buttons = document.querySelectorAll("[data-copies]");
for (const button of buttons) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copies ?? "")?.textContent ?? "");
    button.textContent = button.dataset.done ?? "";
  });
}
