// Enhancements only: every page works without this file.
"use strict";

// A copy button for every command block.
for (const block of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
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

// Pages that show work under way look again by themselves, but never while somebody is typing or choosing.
const seconds = Number(document.body.dataset.refresh);
if (seconds > 0) {
  setInterval(() => {
    const touched = [...document.querySelectorAll("textarea, input:not([type=hidden])")]
      .some((field) => field.value !== field.defaultValue || field.checked !== field.defaultChecked
        || field === document.activeElement);
    if (!touched && document.visibilityState === "visible") location.reload();
  }, seconds * 1000);
}

// Logs grow while their builds run. The page shows how they ended when it was loaded.
const MOST = 200_000;
for (const log of document.querySelectorAll("[data-stream]")) {
  const source = new EventSource(log.dataset.stream);
  source.addEventListener("message", (event) => {
    const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
    log.textContent = (log.textContent + event.data + "\n").slice(-MOST);
    if (atEnd) log.scrollTop = log.scrollHeight;
  });
  // The build is over: what came of it is on the page.
  source.addEventListener("end", () => { source.close(); location.reload(); });
  log.scrollTop = log.scrollHeight;
}
