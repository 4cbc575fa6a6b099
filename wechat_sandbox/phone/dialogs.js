/** Ask the developer in a dialog: a new user, a code to scan, a place, a friend. */

/** @import { Children } from "./dom.js" */
/** @import { User } from "./types.js" */

import { avatar, button, el } from "./dom.js";
import { icon } from "./icons.js";
import { query } from "./query.js";
import { reasonOf, t } from "./words.js";

export const PLACES = [
  { label: t("place.beijing"), latitude: 39.908823, longitude: 116.39747 },
  { label: t("place.shanghai"), latitude: 31.240018, longitude: 121.490317 },
  { label: t("place.guangzhou"), latitude: 23.106574, longitude: 113.324587 },
  { label: t("place.shenzhen"), latitude: 22.514687, longitude: 113.950723 },
];

/** @typedef {Record<string, string>} Answers the form's fields by name */

/** @param {HTMLFormElement} form */
const answersOf = (form) => /** @type {Answers} */ (Object.fromEntries(new FormData(form)));

/**
 * Ask with a modal form. Promise the answer, or null when the form is closed.
 * @template [Answer=Answers]
 * @param {object} form
 * @param {string} form.title
 * @param {string | null} [form.hint]
 * @param {string} [form.submit] label of the button that answers with the fields
 * @param {Children | ((choose: (answer: Answer) => void) => Children)} [form.fields] the fields, or a function
 *   that builds them and gets `choose`, which answers at once
 * @param {((answers: Answers) => Promise<Answer>) | null} [form.act] runs with the fields; the form stays open
 *   and shows the error until it succeeds, and its result is the answer
 * @returns {Promise<Answer | null>}
 */
export function ask({ title, hint, submit, fields, act = null }) {
  return new Promise((resolve) => {
    /** @type {Answer | null} */
    let chosen = null;
    /** @param {Answer} value */
    const choose = (value) => {
      chosen = value;
      dialog.close();
    };
    const fault = el("p", { class: "fault", role: "alert" });
    /** @param {SubmitEvent} event */
    async function send(event) {
      event.preventDefault();
      fault.textContent = "";
      const ok = query(form, "button[value=ok]", HTMLButtonElement);
      if (ok.disabled || !act) return;
      ok.disabled = true;
      try {
        choose(await act(answersOf(form)));
      } catch (error) {
        fault.textContent = reasonOf(error);
      }
      ok.disabled = false;
    }
    /** @type {HTMLFormElement} */
    const form = el("form", { method: "dialog", onsubmit: act && send },
      el("h2", {}, title),
      hint ? el("p", { class: "hint" }, hint) : null,
      typeof fields === "function" ? fields(choose) : fields,
      act ? fault : null,
      el("div", { class: "actions" },
        button({ onclick: () => dialog.close() }, t("cancel")),
        submit ? el("button", { class: "primary", value: "ok" }, submit) : null));
    /** @type {HTMLDialogElement} */
    const dialog = el("dialog", { class: "ask", "aria-label": title }, form);
    dialog.addEventListener("close", () => {
      dialog.remove();
      // Without `act` and `choose`, Answer is Answers.
      resolve(chosen ?? (dialog.returnValue === "ok" ? /** @type {Answer} */ (answersOf(form)) : null));
    });
    document.body.append(dialog);
    dialog.showModal();
    /** @type {HTMLElement | null} */
    const first = form.querySelector("input:not([type=radio]):not([type=checkbox]), select, textarea");
    first?.focus();
  });
}

/** @type {(label: string, control: HTMLElement) => HTMLElement} */
export const field = (label, control) => el("label", { class: "field" }, el("span", {}, label), control);

/** @type {(name: string, value: string, label: string, checked: boolean) => HTMLElement} */
export const radio = (name, value, label, checked) =>
  el("label", { class: "radio" }, el("input", { type: "radio", name, value, checked }), label);

/**
 * Ask for a new user. Promise the result of `add`, or null.
 * @param {(nickname: string, subscribed: boolean) => Promise<User>} add
 */
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

/** @typedef {Record<string, string>} Code a body for the control API's scan, or { login: uuid } */
/** @typedef {{ label: string, hint: string, code: Code, testid: string }} CodeChoice */

/**
 * Ask for the code that the camera scans. Promise a Code, or null.
 * @param {CodeChoice[]} codes open login pages and the account's own codes: one click scans them
 * @returns {Promise<Code | null>}
 */
export function askCode(codes) {
  /** @type {(choose: (code: Code) => void) => (choice: CodeChoice) => HTMLElement} */
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

/**
 * Ask what a scanned code says, for the menu's scan buttons and for a page's wx.scanQRCode.
 * @param {string} hint
 */
export function askScanResult(hint) {
  return ask({
    title: t("scan"),
    hint,
    submit: t("scan.do"),
    fields: [
      field(t("scan.result"), el("input", { name: "result", required: true, autocomplete: "off", value: "https://example.com/item/1" })),
      el("div", { class: "radios", role: "radiogroup", "aria-label": t("scan.kind") },
        radio("type", "qrcode", t("scan.qr"), true), radio("type", "barcode", t("scan.bar"), false)),
    ],
  });
}

const placeField = () =>
  field(t("place"), el("select", { name: "place" }, PLACES.map((place, index) => el("option", { value: String(index) }, place.label))));

/**
 * Ask for a place. Promise it, or null.
 * @param {string | null} hint
 */
export async function askPlace(title = t("place.send"), submit = t("send"), hint = null) {
  const answer = await ask({ title, submit, hint, fields: [placeField()] });
  return answer && { ...PLACES[Number(answer.place)], scale: 16 };
}

/**
 * Ask for a friend among the users. Promise the openid, or null.
 * @param {User[]} users
 * @returns {Promise<string | null>}
 */
export function askFriend(users) {
  return ask({
    title: t("share.friend"),
    fields: (choose) => el("div", { class: "codes" }, users.map(({ openid, nickname, avatar: face }) =>
      button({ class: "code-row", "data-testid": "friend-choice", onclick: () => choose(openid) }, avatar(face, nickname), el("strong", {}, nickname)))),
  });
}

/**
 * Ask for a phone number. Promise it, or null.
 * @param {string} [before] the number of now
 */
export async function askNumber(before) {
  const answer = await ask({
    title: t("sms.number"),
    hint: t("sms.numberHint"),
    submit: t("save"),
    fields: [field(t("sms.number"), el("input", { name: "phone", type: "tel", required: true, pattern: "\\+?[0-9]{5,15}", value: before ?? "", autocomplete: "off" }))],
  });
  return answer?.phone ?? null;
}

/**
 * Ask for a file of the developer's computer. Promise it, or null.
 * @param {string} accept
 */
export const askFile = async (accept) => (await askFiles(accept, { multiple: false }))[0] ?? null;

/**
 * Ask for files of the developer's computer.
 * @param {string} accept
 * @param {{ multiple?: boolean, capture?: string | null }} options
 * @returns {Promise<File[]>}
 */
export function askFiles(accept, { multiple = true, capture = null } = {}) {
  return new Promise((resolve) => {
    const input = el("input", { type: "file", accept, multiple, capture, hidden: true });
    const done = () => {
      input.remove();
      resolve([...(input.files ?? [])]);
    };
    input.addEventListener("change", done);
    input.addEventListener("cancel", done);
    document.body.append(input);
    input.click();
  });
}
