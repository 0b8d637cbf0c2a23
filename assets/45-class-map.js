// The table of students and items. Some 1,500 cells are too many components for Dash to keep track of (seconds of
// script, growing with the square of their number), so the page carries them as data and they are drawn here.
(function () {
    "use strict";

    const drawn = new WeakMap();

    function element(kind, className, text, attributes) {
        const node = document.createElement(kind);
        if (className) {
            node.className = className;
        }
        if (text !== undefined) {
            node.textContent = text;
        }
        Object.entries(attributes || {}).forEach(([name, value]) => node.setAttribute(name, value));
        return node;
    }

    function linked(text, href) {
        const link = element("a", "", undefined, { href: href });
        link.append(element("span", "", text));
        return link;
    }

    function heads(map) {
        const row = document.createElement("tr");
        row.append(element("th", "map-student", map.student, { scope: "col" }));
        row.append(element("th", "map-score", map.score, { scope: "col" }));
        map.items.forEach(([name, href]) => {
            const head = element("th", "map-item", undefined, { scope: "col" });
            head.append(linked(name, href));
            row.append(head);
        });
        return row;
    }

    function cell([className, sign, spoken]) {
        if (!spoken) {
            return element("td", className, sign);
        }
        const node = element("td", className);
        node.append(element("span", "", sign, { "aria-hidden": "true" }), element("span", "visually-hidden", spoken));
        return node;
    }

    function line({ name, href, score, cells }) {
        const row = document.createElement("tr");
        const head = element("th", "map-student", undefined, { scope: "row" });
        head.append(linked(name, href));
        row.append(head, element("td", "map-score", score), ...cells.map(cell));
        return row;
    }

    function draw(box) {
        const text = box.dataset.classMap;
        if (drawn.get(box) === text) {
            return;
        }
        drawn.set(box, text);
        const map = JSON.parse(text);
        const table = element("table", map.analyst ? "class-map analyst" : "class-map");
        const head = document.createElement("thead");
        const body = document.createElement("tbody");
        head.append(heads(map));
        body.append(...map.rows.map(line));
        table.append(element("caption", "visually-hidden", map.caption), head, body);
        box.replaceChildren(table);
    }

    new MutationObserver(() => document.querySelectorAll("[data-class-map]").forEach(draw)).observe(
        document.documentElement,
        { childList: true, subtree: true, attributes: true, attributeFilter: ["data-class-map"] },
    );
})();
