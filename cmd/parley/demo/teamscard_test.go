package demo

import (
	"encoding/json"
	"fmt"

	"github.com/chromedp/chromedp"
)

// drawCardScript draws a card in the page's list of posts, and returns what is wrong with it.
const drawCardScript = `((card) => {
	const box = document.querySelector('#teams .messages'), out = [], wants = new Set();
	box.replaceChildren(window.cardOf(card, { press: () => {} }));
	const walk = (x) => {
		if (!x || typeof x !== 'object') return;
		if (x.type === 'TextRun') wants.add(x.text);
		if (typeof x.type === 'string' && x.type.startsWith('Action.') && x.title) wants.add(x.title);
		for (const [k, v] of Object.entries(x)) if (!['fallback', 'data', 'refresh'].includes(k)) walk(v);
	};
	walk({ body: card.body, actions: card.actions });
	for (const b of box.querySelectorAll('button[aria-expanded=false]')) b.click();
	const text = box.textContent.replace(/\s+/g, ' ');
	if (text.includes('is not shown here')) out.push('something is unknown: ' + text);
	for (const w of wants) if (!/\{\{/.test(w) && !text.includes(w.replace(/\s+/g, ' ')) && !box.querySelector('[aria-haspopup=menu]')) out.push('lacks: ' + w);
	for (const i of box.querySelectorAll('input, select, textarea'))
		if (!i.labels?.length && !i.getAttribute('aria-label')) out.push('an input without a label: ' + i.outerHTML);
	if (box.querySelector('script, iframe, style, img:not([src^="data:"], [src^="/"])')) out.push('it holds ' + box.innerHTML);
	if (box.scrollWidth > box.clientWidth + 1) out.push('it is ' + box.scrollWidth + ' wide in ' + box.clientWidth);
	return out.join('\n');
})(%s)`

// drawCard draws a card on the page, and returns what is wrong with it.
func (l *live) drawCard(name string, card json.RawMessage) (faults string) {
	l.t.Helper()
	faults, err := chromedp.Run(l.ctx, chromedp.Evaluate[string](fmt.Sprintf(drawCardScript, card)))
	if err != nil {
		l.t.Fatalf("%s: %v", name, err)
	}
	return faults
}
