/** Questions that need an answer in words: a new user, a code to scan, a place. */

import { el } from "./dom.js";

export const PLACES = [
  { label: "北京市东城区东长安街天安门", latitude: 39.908823, longitude: 116.39747 },
  { label: "上海市黄浦区中山东一路外滩", latitude: 31.240018, longitude: 121.490317 },
  { label: "广州市海珠区阅江西路222号广州塔", latitude: 23.106574, longitude: 113.324587 },
  { label: "深圳市南山区滨海大道深圳湾公园", latitude: 22.514687, longitude: 113.950723 },
];

/** Asks with a modal form; promises its fields as an object, or null when closed. */
function ask({ title, hint, submit, fields }) {
  return new Promise((resolve) => {
    const form = el("form", { method: "dialog" },
      el("h2", {}, title),
      hint ? el("p", { class: "hint" }, hint) : null,
      fields,
      el("div", { class: "actions" },
        el("button", { type: "button", onclick: () => dialog.close() }, "取消"),
        el("button", { class: "primary", value: "ok" }, submit)));
    const dialog = el("dialog", { class: "ask", "aria-label": title }, form);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "ok" ? Object.fromEntries(new FormData(form)) : null);
    });
    document.body.append(dialog);
    dialog.showModal();
    form.querySelector("input:not([type=radio]), select")?.focus();
  });
}

const field = (label, control) => el("label", { class: "field" }, el("span", {}, label), control);

const radio = (name, value, label, checked) =>
  el("label", { class: "radio" }, el("input", { type: "radio", name, value, checked }), label);

export async function askUser() {
  const answer = await ask({
    title: "添加用户",
    submit: "添加",
    fields: [
      field("昵称", el("input", { name: "nickname", required: true, maxlength: 64, autocomplete: "off", placeholder: "例如：小刚" })),
      el("label", { class: "check" }, el("input", { type: "checkbox", name: "subscribed" }), "已经关注公众号（不推送关注事件）"),
    ],
  });
  return answer && { nickname: answer.nickname, subscribed: answer.subscribed === "on" };
}

/** Promises {url}, {scene} or {ticket}. */
export async function askCode() {
  const answer = await ask({
    title: "扫一扫",
    hint: "填二维码里的内容：公众号带参数二维码的场景值或 ticket，或者一个网址。",
    submit: "扫码",
    fields: [
      el("div", { class: "radios", role: "radiogroup", "aria-label": "二维码种类" },
        radio("kind", "scene", "场景值", true), radio("kind", "ticket", "ticket", false), radio("kind", "url", "网址", false)),
      field("内容", el("input", { name: "code", required: true, autocomplete: "off" })),
    ],
  });
  return answer && { [answer.kind]: answer.code.trim() };
}

/** For the menu's scan buttons: promises what the scanned code says. */
export async function askScanResult() {
  const answer = await ask({
    title: "扫一扫",
    hint: "菜单的扫码按钮会把扫到的内容推送给公众号。",
    submit: "扫码",
    fields: [field("码的内容", el("input", { name: "result", required: true, autocomplete: "off", value: "https://example.com/item/1" }))],
  });
  return answer?.result ?? null;
}

export async function askPlace() {
  const answer = await ask({
    title: "发送位置",
    submit: "发送",
    fields: [field("地点", el("select", { name: "place" }, PLACES.map((place, index) => el("option", { value: String(index) }, place.label))))],
  });
  return answer && { ...PLACES[Number(answer.place)], scale: 16 };
}
