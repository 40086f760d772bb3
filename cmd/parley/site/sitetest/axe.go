package sitetest

import (
	"context"
	_ "embed"
	"strings"

	"github.com/chromedp/chromedp"
)

// axeVersion is the version of axe-core that judges the pages.
const axeVersion = "4.14.1"

//go:embed axe/axe.min.js
var axe string

// runAxe lists what keeps somebody from using the page: one line for each finding that is serious or worse.
// Colours that are on their way to others are waited for.
const runAxe = `Promise.allSettled(document.getAnimations().map(a => a.finished)).then(() => axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})).then(r => [axe.version].concat(
	r.violations.filter(v => v.impact === "serious" || v.impact === "critical")
		.map(v => v.id + " (" + v.help + "): " + v.nodes.map(n => n.target.join(" ")).slice(0, 5).join(", "))))`

// Accessible fails the test if axe-core finds something serious in the page as it is shown now.
func (b *Browser) Accessible() {
	b.site.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void]("if (!window.axe) {"+axe+"}; undefined")); err != nil {
		b.site.T.Fatalf("axe-core: %v", err)
	}
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](runAxe, chromedp.EvalAwaitPromise))
	if err != nil || len(found) == 0 || found[0] != axeVersion {
		b.site.T.Fatalf("axe-core: %v, %v", found, err)
	}
	if len(found) > 1 {
		b.site.T.Errorf("%s: %s", b.Value("location.pathname"), strings.Join(found[1:], "\n"))
	}
}
