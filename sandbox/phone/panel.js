/** Beside the phone: the account, what was pushed to its server, and what that server called. */

import { showCall, showDelivery } from "./detail.js";
import { el } from "./dom.js";
import { journalTime } from "./time.js";
import { KINDS, MODES, OUTCOMES } from "./words.js";

export function panelView(root, store, { setCallback }) {
  const account = root.querySelector(".account");
  const journal = root.querySelector(".journal");
  const tabs = [...root.querySelectorAll("[role=tab]")];
  let shown = "deliveries";

  function drawAccount() {
    const { name, kind, mode, app_id, callback, callback_ok } = store.account;
    const address = el("input", { type: "url", name: "url", value: callback ?? "", placeholder: "http://127.0.0.1:8080/wechat", "aria-label": "服务器地址", autocomplete: "off", spellcheck: "false" });
    const fault = el("p", { class: "fault", role: "alert" });
    const save = el("button", {}, "验证");
    account.replaceChildren(
      el("div", { class: "title" }, el("h2", {}, name ?? ""), el("span", { class: "chip" }, MODES[mode] ?? mode ?? "")),
      el("p", { class: "quiet" }, KINDS[kind] ?? kind ?? "", " · ", el("code", {}, app_id ?? "")),
      el("form", { class: "callback", onsubmit: submit },
        el("span", { class: callback && callback_ok ? "state good" : "state bad" },
          callback ? (callback_ok ? "服务器地址已验证" : "服务器地址未通过验证") : "还没有服务器地址"),
        el("div", { class: "line" }, address, save), fault));

    async function submit(event) {
      event.preventDefault();
      save.disabled = true;
      fault.textContent = "";
      try {
        await setCallback(address.value.trim());
      } catch (error) {
        fault.textContent = error.message;
      }
      save.disabled = false;
    }
  }

  function deliveryRow(entry) {
    const [words, good] = OUTCOMES[entry.outcome] ?? [entry.outcome, false];
    return el("li", {}, el("button", { type: "button", class: "entry", "data-testid": "delivery", "data-outcome": entry.outcome, onclick: () => showDelivery(entry, nickname(entry.openid)) },
      el("span", { class: "entry-head" },
        el("span", { class: "at" }, journalTime(entry.at)),
        el("span", { class: "what" }, entry.kind),
        entry.attempt > 1 ? el("span", { class: "chip" }, `第 ${entry.attempt} 次`) : null,
        el("span", { class: good ? "result good" : "result bad" }, words)),
      el("span", { class: "entry-foot" }, nickname(entry.openid), ` · ${entry.status ?? "—"} · ${Math.round(entry.elapsed_ms)} ms`),
      entry.error ? el("span", { class: "entry-error" }, entry.error) : null));
  }

  function callRow(entry) {
    const errcode = entry.response?.errcode ?? 0;
    const good = entry.status === 200 && errcode === 0;
    return el("li", {}, el("button", { type: "button", class: "entry", "data-testid": "call", onclick: () => showCall(entry) },
      el("span", { class: "entry-head" },
        el("span", { class: "at" }, journalTime(entry.at)),
        el("span", { class: "what" }, entry.path),
        el("span", { class: good ? "result good" : "result bad" }, errcode ? String(errcode) : String(entry.status))),
      el("span", { class: "entry-foot" }, entry.method),
      errcode ? el("span", { class: "entry-error" }, entry.response.errmsg) : null));
  }

  const nickname = (openid) => store.users.find((user) => user.openid === openid)?.nickname ?? openid;

  /** Journals only grow at the top, so what is drawn stays: the focus and the scroll position too. */
  let drawn = new Map();
  function drawJournal() {
    const [entries, row, empty] = shown === "deliveries"
      ? [store.deliveries, deliveryRow, "还没有推送。在手机里发一条消息试试。"]
      : [store.calls, callRow, "公众号的服务器还没有调用过接口。"];
    const next = new Map(entries.map((entry) => [entry, drawn.get(entry) ?? row(entry)]));
    if (drawn.size === 0 || ![...drawn.keys()].some((entry) => next.has(entry))) journal.replaceChildren();
    for (const [entry, node] of drawn) if (!next.has(entry)) node.remove();
    drawn = next;
    if (entries.length === 0) journal.replaceChildren(el("li", { class: "empty" }, empty));
    else [...next.values()].forEach((node, index) => journal.children[index] !== node && journal.insertBefore(node, journal.children[index] ?? null));
  }

  function choose(name) {
    shown = name;
    for (const tab of tabs) {
      tab.setAttribute("aria-selected", String(tab.dataset.tab === name));
      tab.tabIndex = tab.dataset.tab === name ? 0 : -1;
    }
    journal.setAttribute("aria-label", tabs.find((tab) => tab.dataset.tab === name).textContent);
    drawJournal();
  }

  for (const tab of tabs) {
    tab.addEventListener("click", () => choose(tab.dataset.tab));
    tab.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      const other = tabs.find((candidate) => candidate !== tab);
      choose(other.dataset.tab);
      other.focus();
    });
  }

  choose(shown);
  store.addEventListener("account", drawAccount);
  store.addEventListener("journals", drawJournal);
}
