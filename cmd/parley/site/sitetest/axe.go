package sitetest

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"
)

// axeVersion is the version of axe-core that judges the pages.
const axeVersion = "4.14.1"

//go:embed axe/axe.min.js
var axe string

// runAxe lists what keeps somebody from using the page: one line for each finding that is serious or worse.
// Colours that are on their way to others are waited for. What axe would tell of what is well isn't asked for, nor does it load
// the style sheets once more: no rule that runs reads them. Rules whose findings are never serious don't run: an impact that
// a rule has is that of all its findings.
const runAxe = `Promise.allSettled(document.getAnimations().map(a => a.finished)).then(() => axe.run(document, {runOnly: %s,
	rules: Object.fromEntries(axe._audit.rules.filter(r => ["minor", "moderate"].includes(r.impact)).map(r => [r.id, {enabled: false}])),
	resultTypes: ["violations"], preload: false})).then(r => [axe.version].concat(
	r.violations.filter(v => v.impact === "serious" || v.impact === "critical")
		.map(v => v.id + " (" + v.help + "): " + v.nodes.map(n => n.target.join(" ")).slice(0, 5).join(", "))))`

const (
	allRules = `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`
	// lookRules are those whose answer another theme or another width of the window may change.
	lookRules = `["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable", "meta-viewport", "button-name", "link-name"]`
)

// Accessible fails the test if axe-core finds something serious in the page as it is shown now.
func (b *Browser) Accessible() {
	b.site.T.Helper()
	b.judge(allRules)
}

// AccessibleToo is Accessible for a page that was judged in another theme or width: only the rules run whose answer may differ.
func (b *Browser) AccessibleToo() {
	b.site.T.Helper()
	b.judge(lookRules)
}

// judge runs some of axe's rules, or of its groups of rules.
func (b *Browser) judge(rules string) {
	b.site.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	// In one go: a page that is being left would take an axe along that was brought before.
	script := "if (!window.axe) {" + axe + "}; " + fmt.Sprintf(runAxe, rules)
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](script, chromedp.EvalAwaitPromise))
	for Left(err) && ctx.Err() == nil {
		found, err = chromedp.Run(ctx, chromedp.Evaluate[[]string](script, chromedp.EvalAwaitPromise))
	}

	if err != nil || len(found) == 0 || found[0] != axeVersion {
		b.site.T.Fatalf("axe-core: %v, %v", found, err)
	}
	if len(found) > 1 {
		b.site.T.Errorf("%s: %s", b.Value("location.pathname"), strings.Join(found[1:], "\n"))
	}
}
