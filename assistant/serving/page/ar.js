// An example for AR glasses and phones: sends this browser's camera and microphone to /live, and speaks what comes back.
"use strict";

const PICTURE_MS = 1000;
const PICTURE_EDGE = 640;
const MOST_CAPTIONS = 50;

const byId = (id) => document.getElementById(id);
let socket = null;
let sound = null; // the AudioContext
let voiceRate = 24000;
let playsUntil = 0; // time of the AudioContext at which all that came has been played
let playing = [];
let token = sessionStorage.getItem("token") || "";

function show(who, text, language) {
  const line = document.createElement("p");
  line.lang = language || "en";
  line.dir = "auto";
  line.textContent = `${who}: ${text}`;
  byId("captions").append(line);
  while (byId("captions").children.length > MOST_CAPTIONS) byId("captions").firstChild.remove();
}

function state(text) {
  byId("state").textContent = text;
}

function play(samples) {
  const buffer = sound.createBuffer(1, samples.length, voiceRate);
  buffer.copyToChannel(Float32Array.from(samples, (sample) => sample / 32768), 0);
  const source = sound.createBufferSource();
  source.buffer = buffer;
  source.connect(sound.destination);
  playsUntil = Math.max(playsUntil, sound.currentTime + 0.05);
  source.start(playsUntil);
  playsUntil += buffer.duration;
  playing.push(source);
  source.onended = () => { playing = playing.filter((each) => each !== source); };
}

function silence() {
  for (const source of playing) source.stop();
  playing = [];
  playsUntil = 0;
}

const happen = {
  ready() { state("Ready"); },
  state(told) { state(told.state === "listening" ? "Listening" : "Thinking"); if (told.state === "listening") silence(); },
  question(told) { show("You", told.text, told.language); state("Thinking"); },
  not_understood() { show("Assistant", "I'm not sure what you said. Please say it again."); state("Ready"); },
  sentence(told) { show("Assistant", told.text, told.language); state("Speaking"); },
  sound(told) { voiceRate = told.rate; },
  stop() { silence(); state("Ready"); },
  end() { state("Ready"); },
  problem(told) { byId("trouble").textContent = told.detail; state("Ready"); },
};

function send(message) {
  if (socket && socket.readyState === WebSocket.OPEN) socket.send(typeof message === "object" && !(message instanceof ArrayBuffer) ? JSON.stringify(message) : message);
}

function connect(rate) {
  const address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live?rate=${rate}`;
  socket = new WebSocket(address, token ? ["assistant", `bearer.${token}`] : ["assistant"]); // a page can't send a header
  socket.binaryType = "arraybuffer";
  socket.onmessage = (event) => {
    if (event.data instanceof ArrayBuffer) { play(new Int16Array(event.data)); return; }
    const told = JSON.parse(event.data);
    if (happen[told.type]) happen[told.type](told);
  };
  socket.onclose = () => {
    silence();
    for (const id of ["ask", "stop"]) byId(id).disabled = true;
    byId("start").disabled = false;
    byId("access").hidden = false;
    state("Off");
  };
  return new Promise((resolve) => { socket.onopen = resolve; });
}

function sendPictures(video) {
  const canvas = document.createElement("canvas");
  const timer = setInterval(() => {
    if (socket.readyState !== WebSocket.OPEN) { clearInterval(timer); return; }
    if (!video.videoWidth) return;
    const scale = Math.min(1, PICTURE_EDGE / Math.max(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(scale * video.videoWidth);
    canvas.height = Math.round(scale * video.videoHeight);
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    send({ type: "picture", picture: canvas.toDataURL("image/jpeg", 0.8) });
  }, PICTURE_MS);
}

async function start() {
  byId("trouble").textContent = "";
  byId("start").disabled = true;
  try {
    const wanted = { video: { facingMode: "environment" }, audio: { echoCancellation: true, noiseSuppression: true } };
    const media = await navigator.mediaDevices.getUserMedia(wanted);
    byId("video").srcObject = media;
    await byId("video").play();
    sound = new AudioContext();
    await sound.audioWorklet.addModule("/page/ar-microphone.js");
    await connect(sound.sampleRate);
    const microphone = new AudioWorkletNode(sound, "microphone");
    microphone.port.onmessage = (event) => send(event.data);
    sound.createMediaStreamSource(media).connect(microphone);
    sendPictures(byId("video"));
    byId("access").hidden = true;
    for (const id of ["ask", "stop"]) byId(id).disabled = false;
  } catch (error) {
    byId("start").disabled = false;
    byId("trouble").textContent = `The camera or microphone can't be used (${error.name}). Allow it in the browser, and start again.`;
  }
}

byId("start").addEventListener("click", start);
byId("ask").addEventListener("click", () => { silence(); send({ type: "ask", text: "What do you see?", language: "en" }); });
byId("stop").addEventListener("click", () => { silence(); send({ type: "stop" }); });
byId("access").addEventListener("submit", (event) => {
  event.preventDefault();
  token = byId("token").value.trim();
  sessionStorage.setItem("token", token);
  start();
});
