// Counts the seconds until another code may be asked for, with the button in step.
const line = document.getElementById("wait");
const button = document.getElementById("again");
const seconds = document.getElementById("seconds");
const end = performance.now() + Number(seconds.textContent) * 1000;

function show() {
  const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
  seconds.textContent = left;
  button.disabled = left > 0;
  line.style.visibility = left ? "" : "hidden"; // nothing moves
  if (left) setTimeout(show, 250);
}

show();
