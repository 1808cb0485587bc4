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
