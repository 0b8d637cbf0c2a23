// Runs before the first paint: the chosen theme, and whether the page stands inside another one.
(() => {
    const root = document.documentElement;
    try {
        const theme = localStorage.getItem("itemwise-theme");
        if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    } catch { /* storage may be closed to a framed page: then the system's theme holds */ }
    if (window.self !== window.top) root.dataset.embedded = "true";
})();
