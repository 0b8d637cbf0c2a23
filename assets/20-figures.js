// Figures name their colours as var(--token). They are filled in here, from the style sheet, for light and dark.
(() => {
    const TOKEN = /^var\((--[\w-]+)\)$/;
    const shown = new WeakMap(); // graph element -> the figure as the server made it

    function fill(value, style) {
        if (typeof value === "string") {
            const token = TOKEN.exec(value);
            return token ? style.getPropertyValue(token[1]).trim() : value;
        }
        if (Array.isArray(value)) return typeof value[0] === "number" ? value : value.map((part) => fill(part, style));
        if (value && Object.getPrototypeOf(value) === Object.prototype) {
            const filled = {};
            for (const key in value) filled[key] = fill(value[key], style);
            return filled;
        }
        return value;
    }

    // On a narrow screen, words wrap and dots shrink: plotly does neither.
    function fit(figure, graph) {
        const width = graph.clientWidth || Math.min(800, document.documentElement.clientWidth - 76); // not shown yet
        const { data, layout } = figure;
        if (!layout) return figure;
        if (width < 480 && layout.margin && layout.margin.r > 100) layout.margin = { ...layout.margin, r: 116 };
        const margin = layout.margin || {};
        // A title stands in the middle of its axis and may reach as far over either end as the smaller margin.
        const room = width - Math.abs((margin.l || 0) - (margin.r || 0)) - 8;
        for (const name of Object.keys(layout).filter((key) => /^xaxis\d*$/.test(key))) {
            const title = layout[name].title;
            const lines = title && title.text ? wrap(title.text, room / 6.4) : [];
            if (lines.length < 2) continue;
            title.text = lines.join("<br>");
            layout.margin = { ...margin, b: (margin.b || 0) + 17 * (lines.length - 1) };
        }
        if (width < 480) {
            for (const trace of data) {
                const marker = trace.marker;
                if (trace.type !== "scatter" || !marker) continue;
                if (typeof marker.size === "number") marker.size *= 0.75;
                if (marker.sizeref) marker.sizeref *= 1.6;
            }
            for (const note of layout.annotations || []) fitNote(note, layout, width);
        }
        return figure;
    }

    function fitNote(note, { xaxis, margin }, width) {
        if (note.xref === "paper") { // a name beside the chart
            if (note.x === 1 && note.xanchor === "left") note.font = { ...note.font, size: 11 };
            return;
        }
        if (!xaxis || !xaxis.range) return;
        const [low, high] = xaxis.range;
        const inside = width - (margin.l || 0) - (margin.r || 0);
        const right = inside * (high - note.x) / (high - low);
        const room = { right: inside - right, left: right }[note.xanchor];
        if (room) note.text = wrap(note.text, (room - 12) / 6.6).join("<br>");
    }

    function wrap(text, most) {
        const lines = [""];
        for (const word of text.split(" ")) {
            const line = lines[lines.length - 1];
            if (line && line.length + word.length + 1 > most) lines.push(word);
            else lines[lines.length - 1] = line ? `${line} ${word}` : word;
        }
        return lines;
    }

    const now = () => getComputedStyle(document.documentElement);

    function install(plotly) {
        for (const name of ["newPlot", "react"]) {
            const plain = plotly[name];
            plotly[name] = (graph, data, layout, config) => {
                const figure = Array.isArray(data) ? { data, layout, config } : data;
                shown.set(graph, figure);
                const { frames, config: settings } = figure;
                return plain(graph, { ...fit(fill({ data: figure.data, layout: figure.layout }, now()), graph), frames, config: settings });
            };
        }
    }

    // The small bundle is here already; the full one comes with the first graph.
    if (window.Plotly) {
        install(window.Plotly);
    } else {
        let plotly;
        Object.defineProperty(window, "Plotly", {
            configurable: true,
            get: () => plotly,
            set: (value) => { plotly = value; install(value); },
        });
    }

    function repaint() {
        for (const graph of document.querySelectorAll(".js-plotly-plot")) {
            const figure = shown.get(graph);
            if (figure) window.Plotly.react(graph, figure);
        }
    }

    let width = window.innerWidth;
    window.addEventListener("resize", () => {
        if (window.innerWidth === width) return; // a phone's address bar changes the height only
        width = window.innerWidth;
        setTimeout(repaint, 200);
    });

    function isDark() {
        const chosen = document.documentElement.dataset.theme;
        return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    }

    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);

    function onPaper(action) { // on paper and in pictures everything is light
        const root = document.documentElement;
        const before = root.dataset.theme;
        root.dataset.theme = "light";
        const result = action();
        if (before) root.dataset.theme = before; else delete root.dataset.theme;
        return result;
    }
    let beforePrint;
    window.addEventListener("beforeprint", () => {
        beforePrint = document.documentElement.dataset.theme;
        document.documentElement.dataset.theme = "light";
        repaint();
    });
    window.addEventListener("afterprint", () => {
        if (beforePrint) document.documentElement.dataset.theme = beforePrint; else delete document.documentElement.dataset.theme;
        repaint();
    });

    function picture(button) {
        const graph = document.querySelector(`#${CSS.escape(button.dataset.graph)} .js-plotly-plot`);
        if (!graph || !shown.has(graph)) return;
        const { data, layout } = onPaper(() => fit(fill(shown.get(graph), now()), graph));
        const top = (layout.margin && layout.margin.t) || 20;
        const dressed = {
            ...layout, autosize: false, paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff",
            margin: { ...layout.margin, t: top + 44 },
            title: { text: button.dataset.title || "", x: 0, xref: "paper", xanchor: "left", y: 1, yref: "container", yanchor: "top", pad: { t: 16 }, font: { size: 17, color: now().getPropertyValue("--ink") } },
        };
        window.Plotly.downloadImage({ data, layout: dressed }, {
            format: button.dataset.picture, filename: button.dataset.file,
            width: Math.max(graph.offsetWidth, 720), height: Math.max(graph.offsetHeight, 320) + 44, scale: button.dataset.picture === "png" ? 2 : 1,
        });
    }

    document.addEventListener("click", (event) => {
        const button = event.target.closest("button");
        if (!button) return;
        if (button.dataset.themeSwitch) {
            document.documentElement.dataset.theme = isDark() ? "light" : "dark";
            try { localStorage.setItem("itemwise-theme", document.documentElement.dataset.theme); } catch { /* for this visit only */ }
            repaint();
        }
        if (button.dataset.picture) picture(button);
    });
})();
