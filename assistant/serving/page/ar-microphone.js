// Runs where the browser's sound does: hands on the microphone as 16-bit samples, a tenth of a second at a time.
"use strict";

class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.samples = new Int16Array(Math.round(sampleRate / 10));
    this.filled = 0;
  }

  process(inputs) {
    for (const sample of inputs[0][0] || []) {
      this.samples[this.filled++] = Math.max(-1, Math.min(1, sample)) * 32767;
      if (this.filled === this.samples.length) {
        this.port.postMessage(this.samples.buffer.slice(0));
        this.filled = 0;
      }
    }
    return true;
  }
}
registerProcessor("microphone", Microphone);
