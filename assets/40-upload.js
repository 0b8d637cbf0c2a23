// Files are chosen through dcc.Upload, which leaves its input without a name and drops files that are too big in silence.
(function () {
    "use strict";

    function name(box) {
        const input = box.querySelector("input[type=file]");
        if (input && !input.hasAttribute("aria-label")) {
            input.setAttribute("aria-label", box.dataset.upload);
        }
    }

    function bounded(event, files) {
        const box = event.target.closest && event.target.closest("[data-upload]");
        if (!box || !files || !files.length) {
            return;
        }
        const said = box.querySelector(".upload-said");
        const fits = Array.from(files).every((file) => file.size <= Number(box.dataset.limit));
        said.textContent = fits ? box.dataset.chosen + files[0].name : box.dataset.tooBig;
        said.classList.toggle("refused", !fits);
        if (!fits) {
            event.preventDefault();
            event.stopImmediatePropagation();
        }
    }

    // A mended file has the name of the faulty one: without this, choosing it again would be no change.
    document.addEventListener("click", (event) => {
        if (event.target.matches("[data-upload] input[type=file]")) {
            event.target.value = "";
        }
    }, true);
    // Capture: before the component sees the file.
    document.addEventListener("change", (event) => bounded(event, event.target.files), true);
    document.addEventListener("drop", (event) => bounded(event, event.dataTransfer && event.dataTransfer.files), true);
    new MutationObserver(() => document.querySelectorAll("[data-upload]").forEach(name)).observe(
        document.documentElement, { childList: true, subtree: true });
})();
