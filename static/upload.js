// Uploads many files at once by tus 1.0 (https://tus.io): three at a time, each in pieces. What
// breaks off goes on where the server says it stopped; files chosen again are known by their path,
// size and time. Nothing is kept here: the server has the batch, the address its id.
const AT_ONCE = 3;
const LONGEST_PAUSE_MS = 30_000;
const STALLED_MS = 60_000; // without a byte moving, a connection counts as lost
const ASK_AGAIN_MS = 3_000; // what became of files that are complete
const ANNOUNCE_MS = 10_000; // to screen readers, while it goes on
const LEFT_OUT = /^(\.|Thumbs\.db$|desktop\.ini$)/i; // what systems put into folders
const SETTLED = ["taken", "duplicate", "refused"];
const SAID = {
  new: "Waits for the start",
  waiting: "Waits",
  sending: "Is being sent",
  offline: "Waits for the connection",
  receiving: "Not complete: choose this file again",
  finishing: "Is being taken",
  taken: "Taken",
  duplicate: "Already there",
  refused: "Refused",
};

class Lost extends Error {} // try again
class Gone extends Error {} // begin anew
class LoggedOut extends Error {
  message = "You are logged out. Log in again in another tab, then continue here.";
}
class Refused extends Error {}

const root = document.querySelector("#upload");
const at = (name) => root.querySelector(`[data-upload="${name}"]`);
const form = at("form");
const addresses = root.dataset;
const pieceBytes = Number(addresses.pieceBytes);

const items = new Map(); // by key
const queue = [];
const running = new Set(); // requests
let batch = new URLSearchParams(location.search).get("batch");
let known = new Map(); // what the server has of this batch, by key
let working = 0;
let started = false;
let leftOut = 0;
let paused = null; // {promise, resolve} while nothing is sent
let woken = deferred(); // when a connection is back
let leaving = false;

function deferred() {
  const one = {};
  one.promise = new Promise((resolve) => (one.resolve = resolve));
  return one;
}

// --- Requests ------------------------------------------------------------------------------
function csrfToken() {
  const cookies = Object.fromEntries(document.cookie.split("; ").map((one) => one.split("=")));
  return cookies[addresses.csrfCookie] ?? form.elements.csrfmiddlewaretoken.value;
}

/** Make a request; throw what its status means. XMLHttpRequest, because fetch tells no progress. */
function ask(method, address, { headers = {}, body = null, onProgress = () => {} } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let timer;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), STALLED_MS);
    };
    request.open(method, address);
    const all = { "Tus-Resumable": "1.0.0", "X-CSRFToken": csrfToken(), ...headers };
    for (const [name, value] of Object.entries(all)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      alive();
      onProgress(event.loaded);
    };
    request.onprogress = alive;
    request.onloadend = () => {
      clearTimeout(timer);
      running.delete(request);
      const { status, responseText } = request;
      if (status >= 200 && status < 300) resolve(request);
      else if (status === 403) reject(new LoggedOut());
      else if (status === 404 || status === 410) reject(new Gone(responseText));
      else if ([400, 412, 413, 415].includes(status)) reject(new Refused(responseText));
      else reject(new Lost(responseText)); // also 409: what the server has is asked again
    };
    running.add(request);
    alive();
    request.send(body);
  });
}

const json = async (...what) => JSON.parse((await ask(...what)).responseText);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Ask until there is an answer that is not a lost connection. */
async function insist(act, onLost = () => {}) {
  for (let failures = 0; ; ) {
    if (paused) await paused.promise;
    try {
      return await act();
    } catch (error) {
      if (error instanceof LoggedOut) pause(error.message);
      else if (!(error instanceof Lost)) throw error;
      else if (!paused) {
        onLost();
        const ms = Math.min(LONGEST_PAUSE_MS, 500 * 2 ** failures++);
        await Promise.race([sleep(ms * (0.75 + Math.random() / 2)), woken.promise]);
      }
    }
  }
}

addEventListener("online", () => {
  woken.resolve();
  woken = deferred();
});

// --- One file ------------------------------------------------------------------------------
const keyOf = (path, size, modified) => `${size} ${modified} ${path}`;

function encoded(values) {
  const pairs = Object.entries(values).map(([key, value]) => {
    const bytes = new TextEncoder().encode(value);
    return `${key} ${btoa(String.fromCharCode(...bytes))}`;
  });
  return pairs.join(",");
}

async function create(item) {
  const { file, path } = item;
  const values = { batch, filename: file.name, relativePath: path, lastModified: item.modified };
  const answer = await ask("POST", addresses.files, {
    headers: { "Upload-Length": item.size, "Upload-Metadata": encoded(values) },
  });
  item.url = new URL(answer.getResponseHeader("Location")).pathname;
  item.sent = Number(answer.getResponseHeader("Upload-Offset"));
}

async function send(item) {
  let unsure = false;
  await insist(
    async () => {
      const isUnsure = unsure;
      unsure = true;
      // A file that changed or went since it was chosen looks like a lost connection to a request.
      await item.file.slice(0, 1).arrayBuffer();
      show(item, { state: "sending" });
      if (!item.url) await create(item);
      else if (isUnsure) {
        item.sent = Number((await ask("HEAD", item.url)).getResponseHeader("Upload-Offset"));
      }
      while (item.sent < item.size) {
        const body = item.file.slice(item.sent, item.sent + pieceBytes);
        const before = item.sent;
        const answer = await ask("PATCH", item.url, {
          headers: { "Upload-Offset": before, "Content-Type": "application/offset+octet-stream" },
          body,
          onProgress: (loaded) => show(item, { moving: loaded }),
        });
        item.moving = 0;
        show(item, { sent: Number(answer.getResponseHeader("Upload-Offset")) });
      }
      learn(item, await json("GET", item.url));
    },
    () => show(item, { state: "offline", moving: 0 }),
  );
}

/** Send one file after the other; what is refused holds up nothing. */
async function work() {
  for (let item; (item = queue.shift()); ) {
    try {
      await send(item);
    } catch (error) {
      if (error instanceof Gone && !item.begunAnew) {
        show(item, { state: "waiting", url: null, sent: 0, moving: 0, begunAnew: true });
        queue.push(item);
      } else if (error instanceof Refused || error instanceof Gone) {
        show(item, { state: "refused", reason: error.message, moving: 0 });
      } else {
        const reason = "The file cannot be read any more: choose it again.";
        show(item, { state: "refused", reason, moving: 0 });
      }
    }
  }
}

function learn(item, told) {
  const { state, reason, photo, url, offset } = told;
  show(item, { state, reason, photo, url, sent: offset, moving: 0 });
}

/** Ask what became of files that are complete, until each has an outcome. */
async function awaitOutcomes() {
  while ([...items.values()].some((item) => item.state === "finishing")) {
    await sleep(ASK_AGAIN_MS);
    await insist(loadBatch);
    for (const item of items.values()) {
      const told = known.get(item.key);
      if (item.state === "finishing" && told) learn(item, told);
    }
  }
}

// --- The batch -----------------------------------------------------------------------------
const addressOfBatch = () => `${addresses.batches}${batch}/`;

async function loadBatch() {
  const { files } = await json("GET", addressOfBatch());
  known = new Map(files.map((one) => [keyOf(one.path, one.size, one.modified), one]));
}

async function begin() {
  at("start").disabled = true;
  try {
    if (!batch) {
      const body = new URLSearchParams(new FormData(form));
      const made = await insist(() => json("POST", addresses.batches, { body }));
      batch = made.id;
      history.replaceState(null, "", `?batch=${batch}`);
    }
  } catch (error) {
    say(error.message);
    at("start").disabled = false;
    return;
  }
  started = true;
  for (const one of root.querySelectorAll("fieldset")) one.disabled = true;
  for (const item of items.values()) if (item.state === "new") enqueue(item);
  at("pause").hidden = false;
  at("start").hidden = true;
  run();
}

function enqueue(item) {
  show(item, { state: "waiting" });
  queue.push(item);
}

function run() {
  while (working < AT_ONCE && queue.length) {
    working += 1;
    work().finally(async () => {
      working -= 1;
      if (working) return;
      if (queue.length) run();
      else {
        await awaitOutcomes();
        if (!working) finish();
      }
    });
  }
}

function pause(why) {
  if (paused) return;
  paused = deferred();
  for (const request of running) request.abort();
  at("pause").textContent = "Continue";
  say(why);
}

function goOn() {
  const { resolve } = paused;
  paused = null;
  at("pause").textContent = "Pause";
  say("");
  resolve();
}

// --- Files chosen and dropped --------------------------------------------------------------
function add(file, path = file.webkitRelativePath || file.name) {
  if (LEFT_OUT.test(file.name)) {
    leftOut += 1;
    return;
  }
  path = path.normalize("NFC");
  const key = keyOf(path, file.size, file.lastModified);
  const item = items.get(key) ?? newItem(key, path, file.size, file.lastModified);
  if (item.file && item.state !== "refused") return; // chosen twice
  item.file = file;
  const told = known.get(key);
  if (told && told.state !== "refused") {
    learn(item, told);
    if (told.state !== "receiving") return;
  }
  show(item, { state: "new", reason: "" });
  if (started) enqueue(item);
}

function newItem(key, path, size, modified) {
  const element = at("row").content.firstElementChild.cloneNode(true);
  const part = (name) => element.querySelector(`[data-row="${name}"]`);
  const item = { key, path, size, modified, file: null, url: null, sent: 0, moving: 0 };
  Object.assign(item, { state: "new", reason: "", photo: null, element, part });
  part("name").textContent = path;
  part("bar").setAttribute("aria-label", path);
  part("link").setAttribute("aria-label", `Open ${path}`);
  part("bar").max = size || 1;
  at("files").append(element);
  items.set(key, item);
  return item;
}

async function addEntry(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    add(file, entry.fullPath.replace(/^\//, ""));
    return;
  }
  const reader = entry.createReader();
  const inside = [];
  for (let some; (some = await new Promise((ok, no) => reader.readEntries(ok, no))).length; ) {
    inside.push(...some); // a hundred at a time, in no order
  }
  const byName = new Intl.Collator(undefined, { numeric: true }).compare;
  inside.sort((one, other) => byName(one.name, other.name));
  for (const one of inside) await addEntry(one);
}

function chosen() {
  const fresh = [...items.values()].filter((item) => item.state === "new").length;
  at("start").disabled = !fresh;
  at("start").textContent = fresh === 1 ? "Upload 1 file" : `Upload ${fresh} files`;
  at("list").hidden = !items.size;
  if (started) run();
  else if (fresh) say(`${fresh} files are chosen.`);
}

for (const input of root.querySelectorAll("input[type=file]")) {
  input.addEventListener("change", () => {
    for (const file of input.files) add(file);
    input.value = "";
    chosen();
  });
}

const zone = at("drop");
for (const name of ["dragenter", "dragover"]) {
  root.addEventListener(name, (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
}
root.addEventListener("dragleave", (event) => {
  if (!root.contains(event.relatedTarget)) zone.classList.remove("over");
});
root.addEventListener("drop", async (event) => {
  event.preventDefault();
  zone.classList.remove("over");
  // All entries at once: after the first pause the browser takes them away.
  const dropped = [...event.dataTransfer.items].filter((one) => one.kind === "file");
  const entries = dropped.map((one) => one.webkitGetAsEntry?.() ?? one.getAsFile());
  for (const one of entries) {
    try {
      if (one instanceof File) add(one);
      else if (one) await addEntry(one);
    } catch {
      say(`${one.name} cannot be read.`);
    }
  }
  chosen();
});

// --- What is shown -------------------------------------------------------------------------
const changed = new Set();
let announcedAt = 0;

function show(item, changes) {
  Object.assign(item, changes);
  if (!changed.size) requestAnimationFrame(draw);
  changed.add(item);
}

function draw() {
  for (const item of changed) {
    const { part, state } = item;
    part("bar").value = Math.min(item.size, item.sent + item.moving);
    part("bar").hidden = SETTLED.includes(state);
    item.element.dataset.state = state;
    part("state").textContent = item.reason || SAID[state];
    part("link").hidden = !item.photo;
    if (item.photo) part("link").href = item.photo;
  }
  changed.clear();
  drawAll();
}

function counts() {
  const count = Object.fromEntries(Object.keys(SAID).map((state) => [state, 0]));
  for (const item of items.values()) count[item.state] += 1;
  return count;
}

function summary(count) {
  const parts = [`${count.taken} taken`, `${count.duplicate} already there`];
  parts.push(`${count.refused} refused`);
  const open = items.size - count.taken - count.duplicate - count.refused;
  if (open) parts.push(`${open} not complete`);
  if (leftOut) parts.push(`${leftOut} of the system left out`);
  return parts.join(", ");
}

function drawAll() {
  let bytes = 0;
  let all = 0;
  for (const item of items.values()) {
    if (item.state === "refused") continue; // many are, before they are sent
    all += item.size;
    bytes += SETTLED.includes(item.state) ? item.size : item.sent + item.moving;
  }
  const count = counts();
  const done = count.taken + count.duplicate + count.refused;
  at("all").max = all || 1;
  at("all").value = bytes;
  const percent = all ? Math.floor((100 * bytes) / all) : 0;
  at("counted").textContent = `${done} of ${items.size} files, ${percent}%: ${summary(count)}.`;
  at("discard").hidden = !batch || !isOpen();
  if (working && !paused && Date.now() - announcedAt > ANNOUNCE_MS) {
    announcedAt = Date.now();
    say(`${done} of ${items.size} files, ${percent}%.`);
  }
}

const isOpen = () => [...items.values()].some((item) => !SETTLED.includes(item.state));

function say(text) {
  at("said").textContent = text;
}

function finish() {
  if (queue.length) return run();
  const count = counts();
  at("pause").hidden = true;
  say(`Done: ${summary(count)}.`);
  const reasons = [...items.values()].filter((item) => item.state === "refused");
  at("refused").replaceChildren(
    ...reasons.map((item) => {
      const row = document.createElement("li");
      row.textContent = `${item.path}: ${item.reason}`;
      return row;
    }),
  );
  at("why").hidden = !reasons.length;
}

at("start").addEventListener("click", begin);
at("pause").addEventListener("click", () => (paused ? goOn() : pause("Paused.")));
form.addEventListener("submit", (event) => event.preventDefault());
addEventListener("beforeunload", (event) => {
  if (working && !leaving) event.preventDefault();
});

at("discard").addEventListener("click", async () => {
  if (!paused) pause("Discarding…");
  try {
    await ask("DELETE", addressOfBatch());
  } catch {
    say("The connection is lost, so nothing was discarded. Try again, or continue.");
    return;
  }
  leaving = true;
  location.assign(location.pathname);
});

// --- A batch that was begun before ---------------------------------------------------------
async function takeUp() {
  try {
    await insist(loadBatch);
  } catch {
    batch = null;
    history.replaceState(null, "", location.pathname);
    return;
  }
  for (const [key, told] of known) {
    learn(items.get(key) ?? newItem(key, told.path, told.size, told.modified), told);
  }
  at("settings").hidden = true;
  at("again").hidden = false;
  chosen();
  await awaitOutcomes();
}

root.hidden = false;
if (batch) takeUp();
