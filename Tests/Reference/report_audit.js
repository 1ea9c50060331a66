// What is wrong with an open report page, as a list of sentences; report_page.py runs it in the browser.
(() => {
  const problems = [];
  const visible = (node) => node.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });
  const name = (node) => node.textContent.trim().slice(0, 40);

  // The page itself never scrolls sideways; boxes in it may.
  const page = document.scrollingElement;
  if (page.scrollWidth > innerWidth) problems.push(`the page is ${page.scrollWidth} wide in a window of ${innerWidth}`);
  for (const node of document.querySelectorAll("main *, header *")) {
    if (node.closest(".scroll, svg, .spoken, thead") || !visible(node)) continue;
    const box = node.getBoundingClientRect();
    if (box.width && (box.right > innerWidth + 1 || box.left < -1)) {
      problems.push(`${node.tagName} '${name(node)}' reaches from ${box.left} to ${box.right}`);
    }
  }

  // A pill stays inside its cell, where the next cell begins.
  for (const pill of document.querySelectorAll("td .pill")) {
    const [box, cell] = [pill.getBoundingClientRect(), pill.closest("td").getBoundingClientRect()];
    if (box.width && box.right > cell.right + 1) problems.push(`the pill '${name(pill)}' leaves its cell`);
  }

  // Text of pictures stays inside them, and apart from other text.
  for (const picture of document.querySelectorAll("svg.chart")) {
    if (!visible(picture)) continue;
    const frame = picture.getBoundingClientRect();
    const texts = [...picture.querySelectorAll("text")].filter(visible).map((node) => [node, node.getBoundingClientRect()]);
    texts.forEach(([node, box], index) => {
      const outside = Math.max(frame.left - box.left, box.right - frame.right, frame.top - box.top, box.bottom - frame.bottom);
      if (outside > 1) problems.push(`'${name(node)}' leaves '${name(picture.firstElementChild)}' by ${outside.toFixed(1)}`);
      for (const [other, place] of texts.slice(0, index)) {
        const across = Math.min(box.right, place.right) - Math.max(box.left, place.left);
        const down = Math.min(box.bottom, place.bottom) - Math.max(box.top, place.top);
        if (across > 1 && down > 3) problems.push(`'${name(node)}' covers '${name(other)}'`);
      }
    });
  }

  // Contrast of all text with what lies behind it: 4.5 to 1.
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const colors = new Map();
  const color = (text) => {
    if (!colors.has(text)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = text;
      canvas.fillRect(0, 0, 1, 1);
      colors.set(text, [...canvas.getImageData(0, 0, 1, 1).data]);
    }
    return colors.get(text);
  };
  const light = ([red, green, blue]) => {
    const part = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue);
  };
  const behind = (node) => {
    if (node instanceof SVGElement) {
      // The last shape under the middle of the text, if any.
      const box = node.getBoundingClientRect();
      const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
      const shapes = [...node.ownerSVGElement.querySelectorAll("rect")].filter((shape) => {
        const place = shape.getBoundingClientRect();
        return place.left <= x && x <= place.right && place.top <= y && y <= place.bottom;
      });
      if (shapes.length) return color(getComputedStyle(shapes.at(-1)).fill);
    }
    for (let each = node; each; each = each.parentElement) {
      const found = color(getComputedStyle(each).backgroundColor);
      if (found[3] === 255) return found;
    }
    return [255, 255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const node = text.parentElement;
    if (!text.data.trim() || seen.has(node) || node.closest("title, desc, .spoken") || !visible(node)) continue;
    seen.add(node);
    const style = getComputedStyle(node);
    const [front, back] = [light(color(node instanceof SVGElement ? style.fill : style.color)), light(behind(node))];
    const contrast = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (contrast < 4.5) problems.push(`contrast ${contrast.toFixed(2)} of '${name(node)}' (${node.className.baseVal ?? node.className})`);
    if (parseFloat(style.fontSize) < 11) problems.push(`'${name(node)}' is ${style.fontSize} high`);
  }

  // What those need who hear the page.
  const levels = [...document.querySelectorAll("h1, h2, h3")].map((node) => Number(node.tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1) problems.push("not exactly one h1");
  levels.forEach((level, index) => {
    if (index && level > levels[index - 1] + 1) problems.push(`heading ${index + 1} skips a level`);
  });
  for (const node of document.querySelectorAll("th:not([scope])")) problems.push(`header '${name(node)}' without scope`);
  for (const node of document.querySelectorAll("table")) if (!node.caption) problems.push("a table without caption");
  for (const node of document.querySelectorAll("svg")) {
    const isPicture = node.getAttribute("role") === "img" && node.querySelector(":scope > title")?.textContent;
    if (!isPicture && node.getAttribute("aria-hidden") !== "true") problems.push("a picture without a title");
  }
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  if (new Set(ids).size !== ids.length) problems.push("an id twice");
  for (const link of document.querySelectorAll("a")) {
    if (!document.getElementById(link.hash.slice(1))) problems.push(`'${name(link)}' leads nowhere`);
  }
  return problems;
})()
