/** The bottom bar: text input, the switch between keyboard and menu, and the ＋ panel of samples. */

import { el, icon } from "./dom.js";

const SAMPLES = [
  { type: "picture", label: "照片" },
  { type: "voice", label: "语音" },
  { type: "video", label: "视频" },
  { type: "place", label: "位置" },
  { type: "link", label: "链接" },
];

const LINK = { type: "link", title: "微信公众平台", description: "给个人、企业和组织提供业务服务与用户管理能力的服务平台。", url: "https://mp.weixin.qq.com/" };

/** `send(message)` must not wait for the bot. `chooseLocation()` promises a location message or null. */
export function composer(root, store, { send, chooseLocation }) {
  const input = root.querySelector("[data-testid=input]");
  const form = root.querySelector("form");
  const submit = root.querySelector("[data-testid=send]");
  const toggle = root.querySelector("[data-testid=menu-toggle]");
  const plus = root.querySelector(".plus");
  const panel = root.querySelector(".samples");
  const file = root.querySelector("input[type=file]");
  const unsent = new Map();
  let owner = null;

  function showMenu(on) {
    root.classList.toggle("menu-mode", on);
    toggle.replaceChildren(icon(on ? "keyboard" : "menu"));
    toggle.setAttribute("aria-label", on ? "切换到键盘" : "切换到菜单");
    toggle.title = toggle.getAttribute("aria-label");
    if (on) showSamples(false);
    else fit();
  }

  function showSamples(on) {
    panel.hidden = !on;
    plus.setAttribute("aria-expanded", String(on));
  }

  function fit() {
    const empty = input.value.trim() === "";
    submit.hidden = empty;
    plus.hidden = !empty;
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight, 112)}px`;
  }

  function sendText() {
    if (input.value.trim() === "") return;
    send({ type: "text", content: input.value });
    input.value = "";
    fit();
    input.focus();
  }

  const sample = {
    picture: () => file.click(),
    voice: () => send({ type: "voice" }),
    video: () => send({ type: "video" }),
    link: () => send(LINK),
    async place() {
      const message = await chooseLocation();
      if (message) send(message);
    },
  };

  panel.replaceChildren(...SAMPLES.map(({ type, label }) =>
    el("button", { type: "button", "data-sample": type, onclick: () => { showSamples(false); sample[type](); } }, el("span", { class: "tile" }, icon(type)), label)));

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sendText();
  });
  input.addEventListener("input", fit);
  input.addEventListener("focus", () => showSamples(false));
  input.addEventListener("keydown", (event) => {
    // Enter that only picks a word in a Chinese input method must not send.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      sendText();
    }
  });
  file.addEventListener("change", () => {
    if (file.files[0]) send({ type: "image", file: file.files[0] });
    file.value = "";
  });
  plus.addEventListener("click", () => showSamples(panel.hidden));
  toggle.addEventListener("click", () => {
    showMenu(!root.classList.contains("menu-mode"));
    if (!root.classList.contains("menu-mode")) input.focus();
  });
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !panel.hidden) {
      showSamples(false);
      plus.focus();
    }
  });

  // An account with a menu shows it first; what one user has typed stays with that user.
  store.addEventListener("menu", () => {
    const has = Boolean(store.menu?.button?.length);
    toggle.hidden = !has;
    showMenu(has && input.value === "");
  });
  store.addEventListener("active", () => {
    if (owner === store.active) return;
    unsent.set(owner, input.value);
    owner = store.active;
    input.value = unsent.get(owner) ?? "";
    showSamples(false);
    fit();
  });
}
