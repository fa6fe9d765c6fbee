"use strict";
// ---- helpers that all parts of the page share
const config = JSON.parse(document.getElementById("config").textContent);
const root = document.documentElement;
const one = (id) => document.getElementById(id);
const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));

/** Make an element; text children are inserted as text. */
function make(tag, name, ...children) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.append(...children);
  return element;
}

/** Make an SVG element with its attributes. */
function draw(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function button(name, label, action) {
  const element = make("button", name, label);
  element.type = "button";
  element.addEventListener("click", action);
  return element;
}

/** Replace what a box holds. If the focus was on something with a key, it goes to its successor, or to a neighbour. */
function replace(box, ...children) {
  const focused = box.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  box.replaceChildren(...children);
  if (focused === undefined) return;
  const keyed = all("[data-key]:not(:disabled)", box);
  (keyed.find((element) => element.dataset.key === focused) ?? keyed[0])?.focus();
}

// ---- language: Chinese until the reader asks for English, which is then remembered where the browser allows it
const LANGUAGE = "fazhi-language";
function remembered() {
  try { return localStorage.getItem(LANGUAGE); } catch { return null; }
}
function speak(language) {
  root.dataset.ui = language;
  root.lang = language === "zh" ? "zh-CN" : "en";
}
speak(remembered() === "en" ? "en" : "zh");
one("language").addEventListener("click", () => {
  speak(root.dataset.ui === "zh" ? "en" : "zh");
  try { localStorage.setItem(LANGUAGE, root.dataset.ui); } catch { /* private windows may forbid it */ }
  render();
});
const say = (zh, en) => (root.dataset.ui === "zh" ? zh : en);
/** The display name in an entry of the configuration: id, Chinese, English. */
const nameOf = ([, zh, en]) => say(zh, en);

// ---- numbers
const grouping = new Intl.NumberFormat("en-US");
const number = (value) => grouping.format(value);
const percent = (share) => (share === null ? "–" : `${(100 * share).toFixed(1)}%`);
const ratio = (part, whole) => (whole ? part / whole : null);
const collator = new Intl.Collator("zh-CN", { numeric: true });

// ---- themes
const NAMES = config.themes.length;
const themeClass = (theme) => (theme < config.codebookThemes ? `t${theme}` : "none");
const themeIds = config.themes.map(([id]) => id);
const dot = (theme) => make("span", `dot ${themeClass(theme)}`);

// ---- tooltip
const tip = one("tip");
function showTip(x, y, ...children) {
  tip.replaceChildren(...children);
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - width - 8))}px`;
  tip.style.top = `${Math.max(4, Math.min(y + 14, innerHeight - height - 8))}px`;
}
function hideTip() { tip.hidden = true; }
