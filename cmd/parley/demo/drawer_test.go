package demo

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"parley/channels/email/mailfake"
)

// longName is wider than any column, and can't be broken.
const longName = "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewissenhaftschafers"

// faultsInPage is a script that returns what is wrong with the part ROOT of the page.
const faultsInPage = `(() => {
	const seen = (e) => e.checkVisibility();
	const name = (e) => (e.getAttribute('aria-label') || e.textContent || e.title || '').trim();
	const out = [];
	for (const e of document.querySelectorAll('ROOT button, ROOT [role=button], .bar button, dialog[open] button'))
		if (seen(e) && !name(e)) out.push('a button without a name: ' + e.outerHTML);
	const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
	for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) out.push('the id ' + id + ' is there twice');
	for (const e of [...document.querySelectorAll('[aria-describedby], [aria-controls], [aria-labelledby]')].filter(seen))
		for (const a of ['aria-describedby', 'aria-controls', 'aria-labelledby'])
			for (const id of (e.getAttribute(a) || '').split(' ').filter(Boolean))
				if (!document.getElementById(id)) out.push(a + ' names ' + id + ', which is not there');
	for (const e of document.querySelectorAll('ROOT ul > *, ROOT ol > *')) if (e.tagName !== 'LI') out.push('a list has a ' + e.tagName);
	if ('ROOT' === '#plugs' && !document.querySelector('#plugs .sum[role=status]')) out.push('the sum is not announced');
	if (document.documentElement.scrollWidth > innerWidth)
		out.push('the page is ' + document.documentElement.scrollWidth + ' wide in a window of ' + innerWidth);
	const box = document.querySelector('ROOT');
	if (seen(box) && box.scrollWidth > box.clientWidth + 1) out.push('the drawer is ' + box.scrollWidth + ' wide and shows ' + box.clientWidth);
	const lum = (c) => {
		const v = c.map((x) => x / 255).map((x) => (x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
		return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2];
	};
	const pen = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
	const paint = (layers) => {
		for (const c of ['#fff', ...layers]) { pen.fillStyle = c; pen.fillRect(0, 0, 1, 1); }
		return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
	};
	const under = (e) => (e ? [...under(e.parentElement), getComputedStyle(e).backgroundColor] : []);
	for (const e of document.querySelectorAll('ROOT *, dialog[open] *')) {
		if (!seen(e) || e.classList.contains('sr') || e.disabled || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
		const ground = under(e), a = lum(paint([...ground, getComputedStyle(e).color])), b = lum(paint(ground));
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) out.push('contrast ' + ratio.toFixed(2) + ': ' + e.textContent);
	}
	return out.join('\n');
})()`

// checkDrawer is checkPart for the drawer of plugs.
func (l *live) checkDrawer(where string) {
	l.t.Helper()
	l.checkPart("#plugs", where)
}

// checkPart fails the test if faultsInPage finds something in a part of the page. where describes the state of the page.
func (l *live) checkPart(part, where string) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.ctx, stepTime)
	defer cancel()
	faults, err := chromedp.Run(ctx, chromedp.Evaluate[string](strings.ReplaceAll(faultsInPage, "ROOT", part)))
	if err != nil || faults != "" {
		l.t.Errorf("%s: %v\n%s", where, err, faults)
	}
}

// untilCount waits until a counter of the drawer shows a number.
func (l *live) untilCount(name string, n int) {
	l.t.Helper()
	l.until(fmt.Sprintf("%s is %d", name, n),
		fmt.Sprintf(`document.querySelector('#plugs [data-count=%q] dd')?.textContent === '%d'`, name, n))
}

// showDrawer tests the drawer of plugs in a demo that has just begun. The drawer tells what is cut, what waits and what has
// arrived. It works by keyboard and in a narrow window, which showDrawer returns.
func showDrawer(t *testing.T, d *runningDemo) *live {
	t.Helper()
	l := browseTo(t, d.url)
	l.click("#plugbutton")
	l.untilCount("arrived", firstSaid)
	d.post("/_fake/mail/send", mailfake.Mail{
		From:    longName + " <long@name.test>",
		To:      []string{HelpAddress},
		Subject: longName,
		Text:    longName + " says <b>this</b>",
	}, nil)
	l.untilCount("arrived", firstSaid+1)
	l.untilShown("#plugs .sum", fmt.Sprintf("All %d arrived, each once and in order.", firstSaid+1))
	l.untilShown("#plugs .records", "Tomás Ó Briain-Featherstonehaugh")
	l.checkDrawer("quiet")
	l.shot("plugs-quiet")

	// Slack is cut by keyboard, with the first line's button. Then Ann replies.
	l.js("focus", `document.querySelector('[data-focus="plug-slack"]').focus()`)
	l.do("press Enter", chromedp.KeyEvent(kb.Enter))
	l.untilShown("#plugs .cut", "Plugs itself in after")
	l.until("the button keeps the focus and plugs in",
		`document.activeElement.dataset.focus === 'plug-slack' && document.activeElement.ariaLabel === 'Plug Slack in'`)
	l.untilShown("#phase", "Slack is cut")
	l.click(".center .replies")
	l.reply("Two new mugs leave today")
	l.untilCount("waiting", 1)
	l.untilShown("#plugs .records li", "Waits: Slack is cut.")

	l.openMailbox(maria)
	l.click(".mailhead .primary")
	l.write("#w-subject", "One more thing")
	l.write("#w-text", "Are you there?")
	l.click(".write .primary")
	l.untilCount("waiting", 2)
	l.untilShown("#plugs .records li", "Stored. Waits: Slack is cut.")
	l.checkDrawer("Slack is cut")
	l.shot("plugs-cut")

	l.click(`[data-focus="plug-parley"]`)
	l.untilShown("#plugs .down", "Starts by itself in")
	l.untilShown("#phase", "Parley was killed")
	l.shot("plugs-killed")
	l.click(`[data-focus="plug-slack"]`)
	l.click(`[data-focus="plug-parley"]`)
	l.untilCount("arrived", firstSaid+3)
	l.untilShown("#plugs .sum", fmt.Sprintf("All %d arrived", firstSaid+3))
	l.untilShown("#plugs .lines", "was killed once")
	l.until("the bar is silent", `document.getElementById('phase').textContent === ''`)

	l.reply("note: Parley was away")
	l.untilShown("#plugs .sum", "Not counted: 1 internal.")
	l.untilShown("#plugs .records li", "not for the customer")
	l.click(`[data-focus="jump-day"]`)
	l.untilShown("#plugs .clockline", "24 h ahead")
	l.js("to the top", `document.getElementById('plugs').scrollTo(0, 0)`)
	l.checkDrawer("all back")
	l.shot("plugs-back")

	l.do("a small window", chromedp.EmulateViewport(960, 700))
	l.checkDrawer("small")
	l.shot("plugs-small")

	l.do("a narrow window", chromedp.EmulateViewport(360, 740))
	l.click(`.tabs [data-tab="plugs"]`)
	l.until("the drawer has the window", `document.getElementById('plugs').getBoundingClientRect().width >= 358`)
	l.checkDrawer("narrow")
	l.shot("plugs-narrow")
	l.js("to the journal", `document.querySelector('#plugs .records').scrollIntoView()`)
	l.shot("plugs-narrow-journal")
	return l
}

// resetDemo presses the drawer's button that begins anew.
func (l *live) resetDemo() {
	l.t.Helper()
	l.click(`[data-focus="over"]`)
	l.untilShown("dialog[open]", "Reset the demo?")
	l.shot("plugs-ask")
	l.click("dialog[open] .primary")
	l.until("the page has begun anew",
		`document.documentElement.dataset.ready === 'yes' && !document.querySelector('#plugs .over').disabled && `+
			`document.querySelector('#plugs [data-count=said] dd')?.textContent === '`+strconv.Itoa(firstSaid)+`'`)
	l.untilCount("arrived", firstSaid)
	l.untilShown("#plugs .clockline", "Clock")
	l.until("the clock is at now", `!document.querySelector('#plugs .clockline').textContent.includes('ahead')`)
	l.shot("plugs-over")
}

// changeSurface lets conversations open in Teams, after some messages were said, and then in Slack again.
func (l *live) changeSurface(said int) {
	l.t.Helper()
	l.do("a wide window", chromedp.EmulateViewport(1280, 800))
	l.click(`#surfaces [data-surface="teams"]`)
	l.untilShown("#teams .elsewhere", "open in Slack")
	l.untilShown(inPosts, "A mug arrived broken, what can I do?")
	l.untilCount("arrived", said+3)
	l.click("#plugbutton")
	l.shot("teams-greeted")
	l.click(`[data-focus="show-slack"]`)
	l.until("Slack is shown", `document.getElementById('slack').checkVisibility()`)
	l.openThread(SurfaceSlack, "two mugs")
	l.click(`#slack .threadpane [data-label="More"]`)
	l.click(`#modal [data-label="Send template"]`)
	l.until("answers by mail are prepared",
		`[...document.querySelectorAll('#modal option, #modal label')].some((o) => o.textContent.includes('Parcel on its way'))`)
	l.shot("templates")
	l.click("#modal .close")
	l.untilShown("#slack .elsewhere", "3 conversations are open in Teams")
}
