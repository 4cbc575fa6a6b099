// Hands the server's configuration to the JS-SDK, sets the share card, and says how it went:
// `jssdk` on document, with {ok, message}. With the signature doctor on the page, says what differs.
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const { share, signed } = read("jssdk-page");
  const doctor = document.getElementById("jssdk-doctor");

  function tell(ok, message) {
    window.jssdk = { ok, message };
    document.dispatchEvent(new CustomEvent("jssdk", { detail: window.jssdk }));
    if (doctor) diagnose(message);
  }

  function differences(ours, theirs) {
    const found = [];
    if (ours.includes("#")) found.push("hash");
    const [a, b] = [new URL(ours.split("#")[0]), new URL(theirs)];
    if (a.protocol !== b.protocol) found.push("protocol");
    if (a.host !== b.host) found.push("host");
    for (const part of ["pathname", "search"]) {
      if (a[part] === b[part]) continue;
      const plain = (text) => { try { return decodeURIComponent(text); } catch { return text; } };
      if (plain(a[part]) === plain(b[part])) found.push("encoding");
      else if (a[part].replaceAll("&amp;", "&") === b[part].replaceAll("&amp;", "&")) found.push("entity");
      else found.push(part === "pathname" ? "path" : "query");
    }
    // URL() tidies both up; WeChat compares the raw texts.
    if (!found.length && ours !== theirs) found.push("encoding");
    return found.length ? [...new Set(found)] : ["none"];
  }

  function diagnose(message) {
    const here = location.href.split("#")[0];
    const found = differences(signed, here);
    const same = found[0] === "none";
    document.getElementById("doctor-page").replaceChildren(...marked(here, signed));
    document.getElementById("doctor-signed").replaceChildren(...marked(signed, here));
    document.getElementById("doctor-answer").textContent = message;
    const verdict = document.getElementById("doctor-verdict");
    verdict.dataset.state = same ? "ready" : "failed";
    verdict.dataset.differs = found.join(" ");
    const words = found.map((name) => doctor.querySelector(`li[data-differs=${name}]`).textContent);
    verdict.textContent = words.join(" ");
  }

  // The part of `text` that differs from `other`, marked.
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

  if (!window.wx) {
    tell(false, "");
    return;
  }
  wx.config(read("jssdk-config"));
  let refused = false;
  wx.error((result) => {
    refused = true;
    tell(false, result.errMsg);
  });
  wx.ready(() => {
    if (refused) return; // the SDK calls ready after error, too
    if (share) {
      const card = { title: share.title, desc: share.desc, link: share.link, imgUrl: share.image };
      wx.updateAppMessageShareData(card);
      wx.updateTimelineShareData(card);
    }
    tell(true, "config:ok");
  });
})();
