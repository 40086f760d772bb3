package sitetest

import (
	"context"
	_ "embed"
	"strings"

	"github.com/chromedp/chromedp"
)

// This file checks pages with axe-core (https://github.com/dequelabs/axe-core), a script that looks in a page for
// what keeps people with a disability from using it: texts with little contrast, buttons without a name, and so on.

// axeVersion is the version of axe/axe.min.js. Each check compares it with the version that has run: a page that
// brought another axe along would be judged by that one.
const axeVersion = "4.14.1"

var (
	//go:embed axe/axe.min.js
	axeLibrary string // defines axe

	//go:embed axe/run.js
	axeRun string // runs axe
)

const (
	// allRules are the groups of axe's rules by which pages are judged.
	allRules = `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`
	// appearanceRules are the rules whose result can depend on the theme or on the width of the window.
	appearanceRules = `["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable",
		"meta-viewport", "button-name", "link-name"]`
)

// CheckAccessibility fails the test if axe-core finds something serious in the page as it is shown now.
func (b *Browser) CheckAccessibility() {
	b.site.T.Helper()
	b.checkRules(allRules)
}

// CheckAccessibilityOfLook is CheckAccessibility for a page that was checked already, and is now shown in another
// theme or width. It is quicker, because only the rules run whose result can differ.
func (b *Browser) CheckAccessibilityOfLook() {
	b.site.T.Helper()
	b.checkRules(appearanceRules)
}

// checkRules fails the test if axe-core finds something serious by these rules, a JSON array of strings.
func (b *Browser) checkRules(rules string) {
	b.site.T.Helper()

	findings, err := b.runAxe(rules)
	if err != nil {
		b.site.T.Fatalf("run axe-core: %v", err)
	}
	if len(findings) == 0 || findings[0] != axeVersion {
		b.site.T.Fatalf("axe-core reported %q, want version %s first", findings, axeVersion)
	}
	if len(findings) > 1 {
		b.site.T.Errorf("%s: %s", b.Value("location.pathname"), strings.Join(findings[1:], "\n"))
	}
}

// runAxe returns axe's version, followed by one line for each finding. If the browser leaves the page meanwhile, it
// checks the next page instead. It gives up after stepTime.
func (b *Browser) runAxe(rules string) ([]string, error) {
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()

	// One script loads axe and runs it. Between two scripts the browser might leave the page, and axe with it.
	script := "if (!window.axe) {" + axeLibrary + "};\n" + strings.Replace(axeRun, "runOnly: RULES", "runOnly: "+rules, 1)
	for {
		findings, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](script, chromedp.EvalAwaitPromise))
		if !IsPageLeft(err) || ctx.Err() != nil {
			return findings, err
		}
	}
}
