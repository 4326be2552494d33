// What keeps the dashboard up to date. Everything that is shown as HTML comes escaped from the server; what is made here
// is text and curves.
"use strict";

(() => {
  const MOST = 720;
  const SILENCE = 20000;
  const root = document.documentElement;
  root.classList.add("scripted");

  // -- figures as people read them, as the server writes them

  const digits = (value) => (value >= 100 ? 0 : value >= 10 ? 1 : 2);
  const write = {
    number: (value) => value.toFixed(Number.isInteger(value) ? 0 : digits(value)),
    share: (value) => `${(value * 100).toFixed(value === 0 || value >= 0.1 ? 0 : 1)} %`,
    seconds: (value) => {
      if (value === 0) return "0 s";
      if (value < 1e-3) return `${(value * 1e6).toFixed(0)} µs`;
      if (value < 1) return `${(value * 1e3).toFixed(value < 0.01 ? 1 : 0)} ms`;
      return `${value.toFixed(1)} s`;
    },
    bytes: (value) => {
      const units = ["B", "KiB", "MiB", "GiB"];
      let place = 0;
      while (value >= 1024 && place < units.length - 1) {
        value /= 1024;
        place += 1;
      }
      return `${value.toFixed(place === 0 || value >= 100 ? 0 : 1)} ${units[place]}`;
    },
  };

  // -- curves

  const history = { at: [] };
  let plots = [];

  const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();

  function add(values) {
    const length = history.at.length;
    for (const name of new Set([...Object.keys(history), ...Object.keys(values)])) {
      const old = history[name] || new Array(length).fill(null);
      const more = values[name] || new Array(values.at.length).fill(null);
      history[name] = old.concat(more).slice(-MOST);
    }
  }

  // Of curves that are stacked, the first is the whole, and each covers what those before it have.
  function columns(signals, stacked) {
    const raw = signals.map((name) => history[name] || new Array(history.at.length).fill(null));
    if (!stacked) return [history.at, ...raw];
    const sums = raw.map(() => []);
    for (let place = 0; place < history.at.length; place += 1) {
      let sum = 0;
      for (let series = raw.length - 1; series >= 0; series -= 1) {
        sum += raw[series][place] || 0;
        sums[series].push(raw[series][place] === null ? null : sum);
      }
    }
    return [history.at, ...sums];
  }

  function series(signals, words, stacked, form) {
    return signals.map((name, place) => {
      const stroke = colour(`--curve-${(place % 6) + 1}`);
      const value = (_, shown, __, index) => {
        const found = index === null || index === undefined ? null : (history[name] || [])[index];
        return found === null || found === undefined ? "–" : form(found);
      };
      const fill = stacked ? stroke : signals.length === 1 ? `${stroke}22` : undefined;
      return { label: words[place], stroke, fill, spanGaps: name.startsWith("p"), width: stacked ? 0 : 1.6, value, points: stacked ? { show: false } : { size: 4 } };
    });
  }

  function options(figure, box) {
    const form = write[figure.dataset.unit];
    const signals = figure.dataset.signals.split(",");
    const stacked = figure.id === "traffic";
    const axis = {
      stroke: colour("--quiet"),
      font: "12px system-ui, sans-serif",
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { show: false },
    };
    const fields = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    const clock = new Intl.DateTimeFormat(undefined, fields);
    const exact = new Intl.DateTimeFormat(undefined, { ...fields, second: "2-digit" });
    const times = (_, splits) => {
      const close = splits.length > 1 && splits[1] - splits[0] < 60;
      return splits.map((second) => (close ? exact : clock).format(new Date(second * 1000)));
    };
    return {
      width: box.clientWidth,
      height: 148,
      padding: [8, 8, 0, 0],
      cursor: { sync: { key: "davd" }, drag: { x: false, y: false }, points: { size: 6 } },
      legend: { live: true },
      scales: { y: { range: (_, low, high) => [0, high > 0 ? high * 1.1 : 1] } },
      axes: [
        { ...axis, size: 28, space: 60, values: times },
        { ...axis, size: 58, space: 34, values: (_, splits) => splits.map(form) },
      ],
      series: [{}, ...series(signals, figure.dataset.words.split(","), stacked, form)],
      signals,
      stacked,
    };
  }

  function draw() {
    for (const { plot } of plots) plot.destroy();
    plots = [...document.querySelectorAll("figure[data-signals]")].map((figure) => {
      const box = figure.querySelector(".plot");
      const wanted = options(figure, box);
      const plot = new uPlot(wanted, columns(wanted.signals, wanted.stacked), box);
      plot.root.setAttribute("aria-hidden", "true");
      return { plot, box, signals: wanted.signals, stacked: wanted.stacked };
    });
    latest();
  }

  // Where nobody points at a moment, the legends tell of the last one.
  function latest() {
    for (const { plot } of plots) {
      if (plot.cursor.idx === null || plot.cursor.left < 0) plot.setLegend({ idx: history.at.length - 1 });
    }
  }

  function redraw() {
    for (const { plot, signals, stacked } of plots) plot.setData(columns(signals, stacked));
    latest();
  }

  // -- pieces of the page

  const pending = new Map();

  function selecting(place) {
    const selection = document.getSelection();
    return selection !== null && !selection.isCollapsed && place.contains(selection.anchorNode);
  }

  function show() {
    for (const [name, html] of pending) {
      const place = document.getElementById(`part-${name}`);
      // What somebody is about to copy stays until they have.
      if (place === null || selecting(place)) continue;
      const left = [...place.querySelectorAll(".scroll")].map((box) => box.scrollLeft);
      htmx.swap(place, html, { swapStyle: "innerHTML", swapDelay: 0, settleDelay: 0 });
      place.querySelectorAll(".scroll").forEach((box, index) => {
        box.scrollLeft = left[index] || 0;
      });
      pending.delete(name);
    }
  }

  // -- the stream: a WebSocket, or server-sent events where none gets through

  const PAUSE = 3000;
  let stream = null;
  let heard = 0;
  // A WebSocket that never told anything is not tried again.
  let sockets = "WebSocket" in window;

  function live(on, words) {
    const place = document.getElementById("live");
    place.classList.toggle("on", on);
    place.textContent = words;
    place.dataset.by = on && stream instanceof WebSocket ? "websocket" : on ? "events" : "";
  }

  function told(text) {
    heard = Date.now();
    const look = JSON.parse(text);
    // A stream that was opened again begins with what there was before.
    const last = history.at.length ? history.at[history.at.length - 1] : 0;
    if (look.values.at.length && look.values.at[0] <= last) for (const name of Object.keys(history)) history[name] = [];
    add(look.values);
    if (look.values.at.length) redraw();
    for (const [name, html] of Object.entries(look.parts)) pending.set(name, html);
    show();
    live(true, "live");
  }

  function listen() {
    hush();
    heard = Date.now();
    if (sockets) converse();
    else attend();
  }

  // Whatever an old stream still has to say is not heard.
  function hush() {
    if (stream === null) return;
    stream.onmessage = stream.onerror = stream.onclose = null;
    stream.close();
    stream = null;
  }

  function converse() {
    let first = true;
    try {
      stream = new WebSocket(`${location.origin.replace(/^http/, "ws")}/live/ws`);
    } catch {
      sockets = false;
      attend();
      return;
    }
    stream.onmessage = (event) => {
      first = false;
      told(event.data);
    };
    stream.onclose = () => {
      live(false, "not live");
      if (first) sockets = false;
      setTimeout(again, first ? 0 : PAUSE);
    };
  }

  function attend() {
    const source = new EventSource("/events");
    stream = source;
    source.addEventListener("look", (event) => {
      if (stream === source) told(event.data);
    });
    source.onerror = () => {
      live(false, "not live");
      // A browser does not come again by itself after a refusal.
      if (source.readyState === EventSource.CLOSED) setTimeout(again, PAUSE);
    };
  }

  // Want of a session leads to the log-in.
  async function again() {
    try {
      const answer = await fetch("/api/v1/session", { headers: { "HX-Request": "true" } });
      if (answer.status === 401) location.assign("/login");
      else listen();
    } catch {
      // Nobody answers at all, so it says nothing about WebSockets.
      sockets = "WebSocket" in window;
      setTimeout(again, PAUSE);
    }
  }

  // -- begin

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (button === null) return;
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
  });

  function offerCopies() {
    if (!navigator.clipboard) return;
    for (const button of document.querySelectorAll("button[data-copy][hidden]")) button.hidden = false;
  }

  function begin() {
    draw();
    offerCopies();
    listen();
    document.body.addEventListener("htmx:oobAfterSwap", offerCopies);
    document.body.addEventListener("htmx:oobAfterSwap", (event) => {
      if (event.detail.target.id === "notice") event.detail.target.scrollIntoView({ block: "nearest" });
    });
    // Forms keep what was typed into them until it was done.
    document.body.addEventListener("htmx:afterRequest", (event) => {
      const form = event.detail.elt;
      if (event.detail.successful && form.matches && form.matches("#creation form")) form.reset();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    const sizes = new ResizeObserver(() => {
      for (const { plot, box } of plots) {
        if (box.clientWidth && box.clientWidth !== plot.width) plot.setSize({ width: box.clientWidth, height: 148 });
      }
    });
    for (const box of document.querySelectorAll(".curves")) sizes.observe(box);
    addEventListener("pagehide", hush);
    addEventListener("pageshow", (event) => {
      if (event.persisted) listen();
    });
    setInterval(() => {
      if (stream === null || Date.now() - heard <= SILENCE) return;
      live(false, "not live");
      // A connection of which nothing is heard may have gone without a word; EventSource sees to that itself.
      if (stream instanceof WebSocket) listen();
    }, 5000);
  }

  begin();
})();
