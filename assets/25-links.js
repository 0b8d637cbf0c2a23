// Links that are copied, and files that are saved: with the header of the page's own calls, so that whoever may see a
// table may save it, in a frame too.
(() => {
    const announce = (text) => { document.getElementById("announced").textContent = text; };

    // ---- Copying

    function copied(button) {
        const name = button.textContent;
        button.textContent = button.dataset.done;
        announce(button.dataset.done);
        setTimeout(() => { button.textContent = name; announce(""); }, 2500);
    }

    // Where the browser forbids copying, what is to be copied is there, selected.
    function byHand(button, text) {
        if (button.dataset.copy === undefined) {
            announce(button.dataset.failed);
            window.getSelection().selectAllChildren(button.parentElement.querySelector("pre"));
            return;
        }
        putAway();
        const box = document.createElement("label");
        box.className = "copy-by-hand";
        const input = Object.assign(document.createElement("input"), { type: "text", readOnly: true, value: text, autocomplete: "off" });
        box.append(button.dataset.failed, input);
        input.addEventListener("keydown", (event) => {
            if (event.key !== "Escape") return;
            button.focus();
            putAway();
        });
        button.after(box);
        input.focus();
        input.select();
    }

    function putAway() {
        for (const box of document.querySelectorAll(".copy-by-hand")) box.remove();
    }
    document.addEventListener("itemwise-at", putAway);

    document.addEventListener("click", (event) => {
        if (!event.target.closest(".copy-by-hand")) putAway();
        const button = event.target.closest("button[data-copy], button[data-copies]"); // a link, or the text above the button
        if (!button) return;
        const { copy: address } = button.dataset;
        const text = address === undefined ? button.parentElement.querySelector("pre").textContent : window.itemwise.link(address);
        const copy = navigator.clipboard ? navigator.clipboard.writeText(text) : Promise.reject(new Error("no clipboard"));
        copy.then(() => copied(button), () => byHand(button, text));
    });

    // ---- Links of ours in a window of their own: in the portal, which knows who looks

    function aside(event) {
        const link = event.target.closest("a[href]");
        if (!link || link.hasAttribute("download") || !window.itemwise.framed || !link.href.startsWith(new URL("./", location.href).href)) return;
        const address = window.itemwise.link(link.href);
        if (!address || address === link.href) return;
        event.preventDefault();
        window.open(address, "_blank", "noopener");
    }

    // ---- Saving

    // RFC 6266: the name that is written out for every alphabet, else the plain one.
    function nameOf(answer, link) {
        const said = answer.headers.get("Content-Disposition") || "";
        const any = /filename\*=UTF-8''([^;]+)/i.exec(said);
        const plain = /filename="?([^";]+)"?/i.exec(said);
        return any ? decodeURIComponent(any[1]) : plain ? plain[1] : new URL(link.href).pathname.split("/").pop();
    }

    async function save(link) {
        if (link.getAttribute("aria-busy") === "true") return;
        link.setAttribute("aria-busy", "true");
        try {
            let answer = null;
            try { answer = await fetch(link.href); } catch { /* the network's fault */ }
            if (!answer || !answer.ok) {
                document.dispatchEvent(new CustomEvent("itemwise-tell", { detail: { sentence: await window.itemwise.sentenceOf(answer) } }));
                return;
            }
            const address = URL.createObjectURL(await answer.blob());
            Object.assign(document.createElement("a"), { href: address, download: nameOf(answer, link) }).click();
            setTimeout(() => URL.revokeObjectURL(address), 60_000);
        } finally {
            link.removeAttribute("aria-busy");
        }
    }

    function open(event) {
        const link = event.target.closest("a[download][href]");
        const beside = event.type === "auxclick" || event.ctrlKey || event.metaKey || event.shiftKey;
        if (!link || !link.href.startsWith(location.origin)) {
            if (beside) aside(event);
            return;
        }
        if (event.type === "auxclick" && event.button !== 1) return; // the menu
        event.preventDefault();
        save(link);
    }
    document.addEventListener("click", open);
    document.addEventListener("auxclick", open);
})();
