/** Questions that need an answer in words: a new user, a code to scan, a place, a friend. */

import { avatar, button, el } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./words.js";

export const PLACES = [
  { label: t("place.beijing"), latitude: 39.908823, longitude: 116.39747 },
  { label: t("place.shanghai"), latitude: 31.240018, longitude: 121.490317 },
  { label: t("place.guangzhou"), latitude: 23.106574, longitude: 113.324587 },
  { label: t("place.shenzhen"), latitude: 22.514687, longitude: 113.950723 },
];

/**
 * Asks with a modal form; promises its fields as an object, or null when closed. `fields` may be a
 * function of the way to answer at once: `choose(value)`. With `act(answer)` the form stays open until that
 * has succeeded, and says what was wrong; what it gives is then the answer.
 */
export function ask({ title, hint, submit, fields, act = null }) {
  return new Promise((resolve) => {
    let chosen = null;
    const choose = (value) => {
      chosen = value;
      dialog.close();
    };
    const fault = el("p", { class: "fault", role: "alert" });
    async function send(event) {
      event.preventDefault();
      fault.textContent = "";
      const ok = form.querySelector("button[value=ok]");
      if (ok.disabled) return;
      ok.disabled = true;
      try {
        choose(await act(Object.fromEntries(new FormData(form))));
      } catch (error) {
        fault.textContent = error.message;
      }
      ok.disabled = false;
    }
    const form = el("form", { method: "dialog", onsubmit: act && send },
      el("h2", {}, title),
      hint ? el("p", { class: "hint" }, hint) : null,
      typeof fields === "function" ? fields(choose) : fields,
      act ? fault : null,
      el("div", { class: "actions" },
        button({ onclick: () => dialog.close() }, t("cancel")),
        submit ? el("button", { class: "primary", value: "ok" }, submit) : null));
    const dialog = el("dialog", { class: "ask", "aria-label": title }, form);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(chosen ?? (dialog.returnValue === "ok" ? Object.fromEntries(new FormData(form)) : null));
    });
    document.body.append(dialog);
    dialog.showModal();
    form.querySelector("input:not([type=radio]):not([type=checkbox]), select, textarea")?.focus();
  });
}

export const field = (label, control) => el("label", { class: "field" }, el("span", {}, label), control);

export const radio = (name, value, label, checked) =>
  el("label", { class: "radio" }, el("input", { type: "radio", name, value, checked }), label);

/** Promises what `add(nickname, subscribed)` gave, or null. */
export function askUser(add) {
  return ask({
    title: t("people.add"),
    submit: t("add"),
    fields: [
      field(t("people.nickname"), el("input", { name: "nickname", required: true, maxlength: 64, autocomplete: "off", placeholder: t("people.example") })),
      el("label", { class: "check" }, el("input", { type: "checkbox", name: "subscribed" }), t("people.already")),
    ],
    act: ({ nickname, subscribed }) => add(nickname, subscribed === "on"),
  });
}

/**
 * What the camera is held at. `codes` are open login pages and the account's own codes, {label, hint, code}:
 * one click scans them. Promises a body for the control API's scan, or {login: uuid}.
 */
export function askCode(codes) {
  const row = (choose) => ({ label, hint, code, testid }) =>
    button({ class: "code-row", "data-testid": testid, onclick: () => choose(code) }, icon("scan"), el("span", {}, el("strong", {}, label), hint ? el("small", {}, hint) : null));
  return ask({
    title: t("scan"),
    hint: t(codes.length ? "scan.hint" : "scan.hintNone"),
    submit: t("scan.do"),
    fields: (choose) => [
      codes.length ? el("div", { class: "codes" }, codes.map(row(choose))) : null,
      el("div", { class: "radios", role: "radiogroup", "aria-label": t("scan.kind") },
        radio("kind", "text", t("scan.text"), false), radio("kind", "scene", t("scan.scene"), true), radio("kind", "ticket", "ticket", false)),
      field(t("scan.content"), el("input", { name: "content", required: true, autocomplete: "off" })),
    ],
  }).then((answer) => answer && (answer.kind ? { [answer.kind]: answer.content.trim() } : answer));
}

/** For the menu's scan buttons and for a page's wx.scanQRCode: promises what the scanned code says. */
export async function askScanResult(hint) {
  const answer = await ask({
    title: t("scan"),
    hint,
    submit: t("scan.do"),
    fields: [
      field(t("scan.result"), el("input", { name: "result", required: true, autocomplete: "off", value: "https://example.com/item/1" })),
      el("div", { class: "radios", role: "radiogroup", "aria-label": t("scan.kind") },
        radio("type", "qrcode", t("scan.qr"), true), radio("type", "barcode", t("scan.bar"), false)),
    ],
  });
  return answer;
}

const placeField = () =>
  field(t("place"), el("select", { name: "place" }, PLACES.map((place, index) => el("option", { value: String(index) }, place.label))));

export async function askPlace(title = t("place.send"), submit = t("send"), hint = null) {
  const answer = await ask({ title, submit, hint, fields: [placeField()] });
  return answer && { ...PLACES[Number(answer.place)], scale: 16 };
}

/** Promises the openid of a friend, or null. */
export function askFriend(users) {
  return ask({
    title: t("share.friend"),
    fields: (choose) => el("div", { class: "codes" }, users.map(({ openid, nickname, avatar: face }) =>
      button({ class: "code-row", "data-testid": "friend-choice", onclick: () => choose({ openid }) }, avatar(face, nickname), el("strong", {}, nickname)))),
  }).then((answer) => answer?.openid ?? null);
}

export async function askNumber(before) {
  const answer = await ask({
    title: t("sms.number"),
    hint: t("sms.numberHint"),
    submit: t("save"),
    fields: [field(t("sms.number"), el("input", { name: "phone", type: "tel", required: true, pattern: "\\+?[0-9]{5,15}", value: before ?? "", autocomplete: "off" }))],
  });
  return answer?.phone ?? null;
}

/** Promises a file of the developer's computer, or null. */
export function askFile(accept, { multiple = false, capture = null } = {}) {
  return new Promise((resolve) => {
    const input = el("input", { type: "file", accept, multiple, capture, hidden: true });
    const done = () => {
      input.remove();
      resolve(multiple ? [...input.files] : (input.files[0] ?? null));
    };
    input.addEventListener("change", done);
    input.addEventListener("cancel", done);
    document.body.append(input);
    input.click();
  });
}
