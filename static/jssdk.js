// Give the server's configuration to the JS-SDK and set the share card. Then dispatch the event `jssdk` on the
// document with a JssdkOutcome. With the signature doctor on the page, show what differs.
(() => {
  /**
   * @param {string} id
   * @returns {HTMLElement}
   */
  function element(id) {
    const found = document.getElementById(id);
    if (!found) throw new Error(`The page has no #${id}`);
    return found;
  }

  /** @param {string} id */
  const read = (id) => JSON.parse(element(id).textContent ?? "");
  /** @type {{ share: { title: string, desc: string, link: string, image: string } | null, signed: string }} */
  const { share, signed } = read("jssdk-page");
  const doctor = document.getElementById("jssdk-doctor");
  const SILENCE = 5000; // milliseconds; longer than WeChat takes to check a signature
  // WeChat's browser has a name of its own; a frame is the web view of the sandbox's phone.
  const inWeChat = /MicroMessenger/i.test(navigator.userAgent) || window.parent !== window;

  /**
   * @param {boolean} ok
   * @param {JssdkOutcome["reason"]} reason
   * @param {string} message
   */
  function tell(ok, reason, message) {
    window.jssdk = { ok, reason, message };
    document.dispatchEvent(new CustomEvent("jssdk", { detail: window.jssdk }));
    diagnose(ok ? "well" : reason, message);
  }

  /**
   * Name what differs between the signed address and the page's own.
   * @param {string} ours
   * @param {string} theirs
   */
  function differences(ours, theirs) {
    const found = [];
    if (ours.includes("#")) found.push("hash");
    const [a, b] = [new URL(ours.split("#")[0]), new URL(theirs)];
    if (a.protocol !== b.protocol) found.push("protocol");
    if (a.host !== b.host) found.push("host");
    for (const part of /** @type {const} */ (["pathname", "search"])) {
      if (a[part] === b[part]) continue;
      /** @param {string} text */
      const plain = (text) => { try { return decodeURIComponent(text); } catch { return text; } };
      if (plain(a[part]) === plain(b[part])) found.push("encoding");
      else if (a[part].replaceAll("&amp;", "&") === b[part].replaceAll("&amp;", "&")) found.push("entity");
      else found.push(part === "pathname" ? "path" : "query");
    }
    // URL() normalizes both addresses; WeChat compares the texts as they are.
    if (!found.length && ours !== theirs) found.push("encoding");
    return found.length ? [...new Set(found)] : ["none"];
  }

  /**
   * Show what the signature doctor says.
   * @param {"well" | JssdkOutcome["reason"]} outcome
   * @param {string} message
   */
  function diagnose(outcome, message) {
    if (!doctor) return;
    const here = location.href.split("#")[0];
    const found = differences(signed, here);
    const same = found[0] === "none";
    const said = !same ? found : outcome === "well" ? ["well"] : outcome === "refused" ? ["none", "console"] : ["none"];
    element("doctor-page").replaceChildren(...marked(here, signed));
    element("doctor-signed").replaceChildren(...marked(signed, here));
    element("doctor-answer").textContent = message;
    const verdict = element("doctor-verdict");
    verdict.dataset.state = !same || outcome === "refused" ? "failed" : outcome === "well" ? "ready" : "waiting";
    verdict.dataset.differs = found.join(" ");
    const words = said.map((name) => doctor.querySelector(`li[data-differs=${name}]`)?.textContent);
    verdict.textContent = words.join(" ");
  }

  /**
   * Mark the part of `text` that differs from `other`.
   * @param {string} text
   * @param {string} other
   */
  function marked(text, other) {
    if (text === other) return [text];
    let start = 0;
    while (start < text.length && text[start] === other[start]) start += 1;
    let end = 0;
    while (end < text.length - start && end < other.length - start && text.at(-1 - end) === other.at(-1 - end)) end += 1;
    const mark = document.createElement("mark");
    mark.textContent = text.slice(start, text.length - end) || "∅";
    return [text.slice(0, start), mark, text.slice(text.length - end)];
  }

  diagnose("", "—");
  if (!window.wx) {
    tell(false, "missing", "the script has not loaded");
    return;
  }
  if (!inWeChat) {
    tell(false, "outside", "only inside WeChat"); // its script would never call back
    return;
  }
  wx.config(read("jssdk-config"));
  let refused = false;
  const silent = setTimeout(() => tell(false, "silent", "no answer from WeChat"), SILENCE);
  wx.error((result) => {
    clearTimeout(silent);
    refused = true;
    tell(false, "refused", result.errMsg);
  });
  wx.ready(() => {
    clearTimeout(silent);
    if (refused) return; // the SDK calls ready after error, too
    if (share) {
      const card = { title: share.title, desc: share.desc, link: share.link, imgUrl: share.image };
      wx.updateAppMessageShareData(card);
      wx.updateTimelineShareData(card);
    }
    tell(true, "", "config:ok");
  });
})();
