// The page with captions: what the assistant says as it is heard, what it was asked, what it does, and its buttons.
"use strict";

const MOST_CAPTIONS = 50; // on the page; what scrolled away long ago is gone
const AGAIN_MS = 3000;
const PICTURE_MS = 1000;
const RIGHT_TO_LEFT = new Set(["ar", "he", "fa", "ur"]);
const SIZES = [1, 1.25, 1.5, 2, 2.5, 3];

const byId = (id) => document.getElementById(id);
let words = {};
let state = "ready";
let size = 1;
let token = sessionStorage.getItem("token") || "";
let shownUrl = "";

function authorised(headers = {}) {
  return token ? { ...headers, Authorization: `Bearer ${token}` } : headers;
}

async function useLanguage(code) {
  const answer = await fetch(`/page-words/${encodeURIComponent(code)}`, { headers: authorised() });
  if (!answer.ok) return;
  const told = await answer.json();
  words = told.words;
  document.documentElement.lang = told.language;
  document.documentElement.dir = RIGHT_TO_LEFT.has(told.language) ? "rtl" : "ltr";
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = words[element.dataset.word];
  const choice = byId("language");
  choice.replaceChildren(...Object.entries(told.languages).map(([each, name]) => {
    const option = new Option(name, each, each === told.language, each === told.language);
    option.lang = each;
    return option;
  }));
  showState(state);
}

function showState(now) {
  state = now;
  byId("state").textContent = words[now] || "";
  const pause = byId("pause"); // its name says what it does next
  pause.dataset.word = now === "paused" ? "go_on" : "pause";
  pause.textContent = words[pause.dataset.word] || pause.textContent;
}

function caption(who, text, language) {
  const line = document.createElement("p");
  const speaker = document.createElement("span");
  speaker.className = "who";
  speaker.dataset.word = who; // so that it follows the page's language
  speaker.textContent = words[who];
  const said = document.createElement("span");
  said.lang = language;
  said.dir = "auto";
  said.textContent = text;
  line.append(speaker, ": ", said);
  const all = byId("captions");
  const follows = all.scrollHeight - all.scrollTop - all.clientHeight < 80;
  all.append(line);
  while (all.children.length > MOST_CAPTIONS) all.firstChild.remove();
  if (follows) all.scrollTop = all.scrollHeight;
  return line;
}

let spoken = null; // the caption of what is being said
const happen = {
  state(told) {
    if (told.language && told.language !== document.documentElement.lang) useLanguage(told.language);
    showState(told.state);
  },
  question(told) {
    caption("you", told.text, told.language);
    if (told.language && told.language !== document.documentElement.lang) useLanguage(told.language);
  },
  sound(told) {
    spoken = caption("assistant", told.text, told.language);
    outline(told.region);
  },
  heard(told) {
    if (spoken && told.share < 0.9) {
      const cut = document.createElement("span");
      cut.className = "cut";
      cut.textContent = ` (${words.cut_off})`;
      spoken.append(cut);
    }
    spoken = null;
  },
  command(told) {
    if (told.kind === "language") useLanguage(told.argument);
  },
  kiosk(told) {
    const left = byId("left");
    if (told.is === "time_left") {
      left.hidden = told.seconds === null;
      left.textContent = told.seconds === null ? "" : words.time_left.replace("{n}", told.seconds);
    }
    if (told.is === "reset") clearAll(told.language);
  },
};

function clearAll(language) {
  byId("captions").replaceChildren();
  byId("question").value = "";
  byId("left").hidden = true;
  outline(null);
  showPicture("");
  setSize(1);
  document.documentElement.classList.remove("light", "dark");
  spoken = null;
  if (language) useLanguage(language);
  byId("trouble").textContent = words.cleared;
  setTimeout(() => { byId("trouble").textContent = ""; }, 5000);
}

function outline(region) {
  const box = byId("outline");
  box.hidden = !region;
  if (!region) return;
  for (const [side, share] of Object.entries(region)) box.style[side] = `${100 * share}%`;
}

function showPicture(url) {
  const picture = byId("picture");
  if (shownUrl) URL.revokeObjectURL(shownUrl);
  shownUrl = url;
  picture.hidden = !url;
  if (url) picture.src = url;
  else picture.removeAttribute("src");
}

async function refreshPicture() {
  if (!document.hidden) {
    try {
      const answer = await fetch("/picture.jpg", { headers: authorised(), cache: "no-store" });
      if (answer.ok) showPicture(URL.createObjectURL(await answer.blob()));
    } catch { /* told by the events */ }
  }
  setTimeout(refreshPicture, PICTURE_MS);
}

async function send(path, data) {
  const body = JSON.stringify(data);
  try {
    const answer = await fetch(path, { method: "POST", body, headers: authorised({ "Content-Type": "application/json" }) });
    byId("trouble").textContent = answer.ok ? "" : (await answer.json()).detail;
  } catch {
    byId("trouble").textContent = words.lost;
  }
}

// EventSource can't send a token, so the stream is read here: "event: NAME\ndata: JSON\n\n".
async function listen() {
  try {
    const answer = await fetch("/events", { headers: authorised() });
    byId("access").hidden = answer.status !== 401;
    if (!answer.ok) throw new Error((await answer.json()).detail);
    byId("trouble").textContent = "";
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ""; ;) {
      const { value, done } = await reader.read();
      if (done) break;
      const parts = (rest + value).split("\n\n");
      rest = parts.pop();
      for (const part of parts) {
        const found = /^event: (\w+)\ndata: (.*)$/.exec(part);
        if (found && happen[found[1]]) happen[found[1]](JSON.parse(found[2]));
      }
    }
    byId("trouble").textContent = words.lost;
  } catch (error) {
    byId("trouble").textContent = error instanceof TypeError ? words.lost : error.message;
  }
  setTimeout(listen, AGAIN_MS);
}

function setSize(number) {
  size = Math.min(Math.max(number, 0), SIZES.length - 1);
  document.documentElement.style.setProperty("--size", `${SIZES[size]}rem`);
}

byId("buttons").addEventListener("click", (event) => {
  const command = event.target.dataset.command;
  if (command) send("/control", { command });
});
byId("asking").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = byId("question").value.trim();
  if (text) send("/say", { text, language: document.documentElement.lang });
  byId("question").value = "";
});
byId("access").addEventListener("submit", (event) => {
  event.preventDefault();
  token = byId("token").value.trim();
  sessionStorage.setItem("token", token);
  byId("access").hidden = true;
  start();
});
byId("language").addEventListener("change", (event) => {
  useLanguage(event.target.value);
  send("/control", { command: "language", language: event.target.value });
});
byId("bigger").addEventListener("click", () => setSize(size + 1));
byId("smaller").addEventListener("click", () => setSize(size - 1));
byId("contrast").addEventListener("click", () => {
  const dark = document.documentElement.classList.contains("dark")
    || (!document.documentElement.classList.contains("light") && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", !dark);
  document.documentElement.classList.toggle("light", dark);
});

let isStarted = false;
async function start() {
  await useLanguage(document.documentElement.lang);
  if (isStarted) return;
  isStarted = true;
  listen();
  refreshPicture();
}
start();
