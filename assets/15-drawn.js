// Draws what the server sent as data (dashboard/drawn.py): nodes are text or [tag, attributes, ...nodes]. What is there
// already is changed, not replaced, so that focus and scrolling stay.
(() => {
    const drawn = new WeakMap(); // part -> the data that it shows

    function drawAll(parent, nodes) {
        nodes.forEach((node, at) => {
            const old = parent.childNodes[at];
            const now = typeof node === "string" ? text(old, node) : element(old, node);
            if (!old) parent.append(now); else if (old !== now) old.replaceWith(now);
        });
        while (parent.childNodes.length > nodes.length) parent.lastChild.remove();
    }

    function text(old, words) {
        if (!old || old.nodeType !== Node.TEXT_NODE) return document.createTextNode(words);
        if (old.data !== words) old.data = words;
        return old;
    }

    function element(old, [tag, attributes, ...nodes]) {
        const now = old && old.localName === tag ? old : document.createElement(tag);
        for (const name of now.getAttributeNames()) if (!(name in attributes)) now.removeAttribute(name);
        for (const name in attributes) if (now.getAttribute(name) !== String(attributes[name])) now.setAttribute(name, attributes[name]);
        if (tag === "input") now.checked = "checked" in attributes;
        drawAll(now, nodes);
        return now;
    }

    function draw(part) {
        const data = part.dataset.drawn;
        if (!data || drawn.get(part) === data) return;
        drawn.set(part, data);
        drawAll(part, JSON.parse(data));
        document.dispatchEvent(new Event("itemwise-drawn"));
    }

    new MutationObserver(() => document.querySelectorAll("[data-drawn]").forEach(draw)).observe(
        document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-drawn"] },
    );
})();
