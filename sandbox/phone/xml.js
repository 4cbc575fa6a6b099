/** XML made readable: one element a line, CDATA kept. What does not parse is answered as it came. */

export function indent(xml) {
  const document = new DOMParser().parseFromString(xml, "text/xml");
  if (document.querySelector("parsererror")) return xml;
  return lines(document.documentElement, "").join("\n");
}

function lines(element, margin) {
  if (element.children.length === 0) {
    const inside = [...element.childNodes].map((node) => new XMLSerializer().serializeToString(node)).join("");
    return [`${margin}<${element.nodeName}>${inside}</${element.nodeName}>`];
  }
  const inner = [...element.children].flatMap((child) => lines(child, `${margin}  `));
  return [`${margin}<${element.nodeName}>`, ...inner, `${margin}</${element.nodeName}>`];
}
