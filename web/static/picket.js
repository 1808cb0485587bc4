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

// Pages that show work under way look again by themselves, but never while somebody is typing.
const seconds = Number(document.body.dataset.refresh);
if (seconds > 0) {
  setInterval(() => {
    const typed = [...document.querySelectorAll("textarea, input[type=search]")]
      .some((field) => field.value !== field.defaultValue || field === document.activeElement);
    if (!typed && document.visibilityState === "visible") location.reload();
  }, seconds * 1000);
}
