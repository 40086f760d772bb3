package demo

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"parley/cmd/parley/demo/company"
)

// cardIn is the content of a golden file of bot/teams/card: messages or a dialog.
type cardIn struct {
	Cards []struct {
		Card json.RawMessage `json:"card"`
	} `json:"cards"`
	Card json.RawMessage `json:"Card"` //nolint:tagliatelle // as the file has it
}

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

// cardsOf reads the cards of a golden file.
func cardsOf(t *testing.T, file string) (cards []json.RawMessage) {
	t.Helper()
	raw, err := os.ReadFile(file) //nolint:gosec // a golden file
	check(t, err)
	var in cardIn
	if err := json.Unmarshal(raw, &in); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if in.Card != nil {
		cards = append(cards, in.Card)
	}
	for _, c := range in.Cards {
		if c.Card != nil {
			cards = append(cards, c.Card)
		}
	}
	return cards
}

// The page draws each card and dialog that Parley makes. It says which elements of a card it doesn't know.
func TestTeamsCards(t *testing.T) {
	t.Parallel()
	p, w := newTeamsPage(t)
	l := browse(t, w, p)
	l.click(`#surfaces [data-surface="teams"]`)
	l.until("Teams is shown", `document.querySelector('#teams .messages')`)
	l.js("load the renderer", `import('/assets/adaptive.js').then((m) => { window.cardOf = m.card; })`)
	l.until("the renderer is there", `window.cardOf`)
	l.do("a narrow window", chromedp.EmulateViewport(600, 800))

	files := must(filepath.Glob("../../../bot/teams/card/testdata/*.json"))(t)
	drawn := 0
	for _, file := range files {
		for _, card := range cardsOf(t, file) {
			drawn++
			if faults := l.drawCard(file, card); faults != "" {
				t.Errorf("%s: %s", filepath.Base(file), faults)
			}
		}
	}
	if drawn < 50 {
		t.Errorf("%d cards of %d golden files were drawn, want at least 50", drawn, len(files))
	}

	strange := `{"type":"AdaptiveCard","version":"1.5","body":[{"type":"Hologram"},` +
		`{"type":"Hologram","fallback":{"type":"TextBlock","text":"**flat** <at>Ann</at> [x](javascript:alert(1))"}},
		{"type":"FactSet","facts":[{"title":"Due","value":"{{DATE(2026-11-20T09:30:00Z, SHORT)}}"}]},` +
		`{"type":"Image","url":"https://elsewhere.test/x.png","altText":"a mug"},
		{"type":"Table","rows":[{"cells":[{"items":[{"type":"TextBlock","text":"cell"}]}]}]},` +
		`{"type":"Input.Date","id":"d","label":"Day"},{"type":"Input.Number","id":"n","label":"How many"},
		{"type":"Input.Toggle","id":"g","title":"Loud"}],"actions":[{"type":"Action.Teleport","title":"Beam"}]}`
	faults := l.drawCard("strange", json.RawMessage(strange))
	if !strings.Contains(faults, "Hologram is not shown here") {
		t.Errorf("the page doesn't say that it can't draw a Hologram: %s", faults)
	}
	if strings.Contains(faults, "label") {
		t.Errorf("an input of an unknown card lacks its label: %s", faults)
	}
	l.until("the rest is there",
		`((box) => box.querySelector('strong')?.textContent === 'flat' && !box.querySelector('a') && box.textContent.includes('Fri, 20 Nov 2026') &&
		box.textContent.includes('a mug') && box.querySelector('td')?.textContent === 'cell' &&
		box.textContent.includes('Action.Teleport is not shown here'))(document.querySelector('#teams .messages'))`)
}

// A demo in which nobody has chosen a surface yet shows the surface that was chosen last in this browser, and opens
// conversations there. A surface in the address is only shown.
func TestSurfaceRemembered(t *testing.T) {
	t.Parallel()
	p, w := newTeamsPage(t)
	l := browse(t, w, p)
	l.until("Slack is shown", `document.getElementById('teams').hidden`)
	l.click(`#surfaces [data-surface="teams"]`)
	l.untilOutside("Teams is home", func() bool { return w.Home() == company.SurfaceTeams })

	w.SetHome(company.SurfaceSlack) // as in a new demo
	p.chosen.Store(false)
	open := func(query string) {
		l.js("open "+query, `(document.documentElement.dataset.ready = 'no', location.assign('/`+query+`'))`)
		l.until("the page is ready", `document.documentElement.dataset.ready === 'yes'`)
	}

	open("?surface=slack")
	l.until("Slack is shown, as the address says", `document.getElementById('teams').hidden`)
	if w.Home() != company.SurfaceSlack {
		t.Error("looking at a page moved the home")
	}

	open("")
	l.until("Teams is shown",
		`document.getElementById('slack').hidden && document.querySelector('#surfaces .home').dataset.surface === 'teams'`)
	if w.Home() != company.SurfaceTeams {
		t.Error("what was chosen the last time is not home")
	}

	l.click(`#surfaces [data-surface="slack"]`)
	l.untilOutside("Slack is home", func() bool { return w.Home() == company.SurfaceSlack })
	l.js("as another tab", `localStorage.setItem('surface', 'teams')`)
	open("")
	l.until("Slack is shown, as somebody chose in this demo", `document.getElementById('teams').hidden`)
}
