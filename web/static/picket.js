// Enhancements only: every page works without this file.
"use strict";

// A copy button for every command block.
function addCopyButtons(root) {
  if (!navigator.clipboard) return;
  for (const block of root.querySelectorAll("[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(block.querySelector("code").textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    block.append(button);
  }
}
addCopyButtons(document);

// Logs grow while their builds run. The page shows how they ended when it was loaded.
const MOST = 200_000;
const growing = new Set();
function follow(log) {
  const source = new EventSource(log.dataset.stream);
  growing.add(log);
  source.addEventListener("message", (event) => {
    const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
    log.textContent = (log.textContent + event.data + "\n").slice(-MOST);
    if (atEnd) log.scrollTop = log.scrollHeight;
  });
  // The build is over: what came of it is on the page.
  source.addEventListener("end", () => { source.close(); growing.delete(log); lookAgain(); });
  log.scrollTop = log.scrollHeight;
}
document.querySelectorAll("[data-stream]").forEach(follow);

// Pages that show work under way look again by themselves, and change in place: what a person has in
// hand stays as it is. That is where the focus or a selection is, what was typed or chosen, and what
// was unfolded.
const FIELDS = "textarea, select, input:not([type=hidden])";

function isTouched(field) {
  if (field instanceof HTMLSelectElement) {
    return [...field.options].some((option) => option.selected !== option.defaultSelected && field.selectedIndex > 0);
  }
  return field.value !== field.defaultValue || field.checked !== field.defaultChecked;
}

function isInHand(element) {
  const within = (css) => [element, ...element.querySelectorAll(css)].filter((it) => it.matches(css));
  const selected = document.getSelection();
  return (document.activeElement !== document.body && element.contains(document.activeElement))
    || (!selected.isCollapsed && selected.containsNode(element, true))
    || within(FIELDS).some(isTouched)
    || within("details").some((it) => it.open !== (it.dataset.came === "open"))
    || within("[data-stream]").some((it) => growing.has(it));
}

// How a page came, so that what a person unfolded since is known.
function remember(root) {
  for (const it of root.querySelectorAll("details")) it.dataset.came = it.open ? "open" : "";
}

// Elements are the same part of the page where these are.
const key = (it) => it.id || it.getAttribute("aria-labelledby") || it.getAttribute("action")
  || (it.matches("details") && it.querySelector("summary")?.textContent) || `${it.tagName} ${it.className}`;

// Which element of the page as it is stands for which of the fresh one: what is in hand, and what is
// as it was.
function kept(old, fresh) {
  const pairs = new Map();
  const free = (it) => it && !pairs.has(it);
  const all = [...fresh.children];
  [...old.children].forEach((had, at) => {
    const inHand = isInHand(had);
    const same = (it) => free(it) && (inHand ? key(it) === key(had) : it.isEqualNode(had));
    const found = same(all[at]) ? all[at] : all.find(same);
    if (found) pairs.set(found, had);
    else if (!inHand) had.remove();
  });
  return pairs;
}

function update(old, fresh) {
  if (old.isEqualNode(fresh) || old.children.length === 0 || old.matches("form")) return;
  const pairs = kept(old, fresh);
  for (const text of [...old.childNodes].filter((it) => it.nodeType === Node.TEXT_NODE)) text.remove();
  let at = old.firstChild;
  for (const node of [...fresh.childNodes]) {
    const had = pairs.get(node);
    if (had) {
      update(had, node);
      at = had.nextSibling;
    } else {
      old.insertBefore(node, at);
      if (node.nodeType === Node.ELEMENT_NODE) node.querySelectorAll("[data-stream]").forEach(follow);
    }
  }
}

// What a decision on this page is about. Where that changed, nothing is changed in place: nobody is to
// decide about something that took the place of what they read.
function isAboutAnother(old, fresh) {
  return ["head", "seen", "conflict"].some((name) => {
    const [was, is] = [old, fresh].map((root) => root.querySelector(`input[name=${name}]`)?.value);
    return was !== undefined && is !== undefined && was !== is;
  });
}

function tellOfChange() {
  const note = document.createElement("div");
  note.className = "notice warn changed-since";
  note.setAttribute("role", "alert");
  const link = document.createElement("a");
  link.href = location.href;
  link.textContent = "Load it again";
  note.append("What this page is about has changed since you loaded it. ", link, " when you are done here.");
  document.querySelector("main").prepend(note);
}

async function lookAgain() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const [main, fresh] = [document.querySelector("main"), page.querySelector("main")];
  if (!main || !fresh) return;
  if (isAboutAnother(main, fresh)) {
    seconds = 0;
    tellOfChange();
    return;
  }
  addCopyButtons(fresh);
  remember(fresh);
  update(main, fresh);
  seconds = Number(page.body.dataset.refresh);
}

let seconds = Number(document.body.dataset.refresh);
remember(document);
(async () => {
  while (seconds > 0) {
    await new Promise((done) => { setTimeout(done, seconds * 1000); });
    if (seconds > 0 && document.visibilityState === "visible") await lookAgain();
  }
})();
