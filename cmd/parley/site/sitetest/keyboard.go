package sitetest

import (
	"context"
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// runReached lists what is wrong with the controls of a page for somebody who has only a keyboard. The focus goes to each as
// Tab would take it there: in the order of the page, since none has an order of its own.
const runReached = `(() => {
	const wrong = [];
	const controls = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]")].filter((e) =>
		!e.disabled && e.checkVisibility({ visibilityProperty: true }) && !(e.type === "radio" && !e.checked));
	for (const e of controls) {
		const name = e.tagName.toLowerCase() + " " + (e.id || e.getAttribute("href") || e.textContent.trim().slice(0, 40));
		if (e.tabIndex !== 0) wrong.push(name + " has its own place in the order, or none: " + e.tabIndex);
		e.focus();
		if (document.activeElement !== e) { wrong.push(name + " can't have the focus"); continue; }
		const look = getComputedStyle(e), box = e.getBoundingClientRect();
		if (!e.matches(":focus-visible") || (look.outlineStyle === "none" || parseFloat(look.outlineWidth) === 0) && look.boxShadow === "none") wrong.push(name + " doesn't show that it has the focus");
		if (box.width < 1 || box.height < 1 || box.bottom < 0 || box.top > innerHeight || box.right < 0 || box.left > innerWidth) wrong.push(name + " is out of sight while it has the focus");
	}
	return controls.length === 0 ? ["there are no controls"] : wrong;
})()`

// Reached fails the test if a control of the page can't be reached, or be seen there, by somebody with a keyboard alone.
func (b *Browser) Reached() {
	b.site.T.Helper()
	b.Keys("\t") // from now on the browser shows where the focus is
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	wrong, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](runReached))
	if err != nil {
		b.site.T.Fatalf("by keyboard: %v", err)
	}
	if len(wrong) > 0 {
		b.site.T.Errorf("%s: %s", b.Value("location.pathname"), strings.Join(wrong, "\n"))
	}
}

// Script lets scripts of pages run, or not.
func (b *Browser) Script(on bool) {
	b.site.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on}); err != nil {
		b.site.T.Fatalf("switch scripts: %v", err)
	}
}
