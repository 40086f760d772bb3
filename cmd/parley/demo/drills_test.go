package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// newLive opens a page whose conversations open in Slack.
func newLive(t *testing.T) *live {
	t.Helper()
	return newLiveIn(t, SurfaceSlack)
}

// livePhone is a customer's phone with one of its chats.
type livePhone struct {
	*Handset
	Chat
}

// textByWhatsApp lets a customer write by WhatsApp, and returns the phone.
func (l *live) textByWhatsApp(name, address, text string) livePhone {
	l.t.Helper()
	h := l.company.Phones().Handset(address, name)
	c, err := h.Chat(WhatsApp)
	if err == nil {
		_, err = c.Say(text, nil, "")
	}
	if err != nil {
		l.t.Fatal(err)
	}
	return livePhone{h, c}
}

// hasReceived returns a condition that is true once a message of the company on the phone contains these words, or offers
// this choice.
func (p livePhone) hasReceived(text string) func() bool {
	return func() bool {
		return slices.ContainsFunc(p.Lines(), func(m Line) bool {
			hasChoice := slices.ContainsFunc(m.Choices, func(c Choice) bool { return c.Title == text })
			return !m.Mine && (strings.Contains(m.Text, text) || hasChoice)
		})
	}
}

// endHold moves the clock past the hold of a reply, in which it can be taken back. First it waits until Parley has one more
// reply than the last time, and has got everything that people did.
func (l *live) endHold() {
	l.t.Helper()
	const replies = `SELECT count(*) FROM deliveries WHERE kind = 'reply' AND state <> 'cancelled' AND NOT EXISTS (SELECT FROM queued)`
	pool, before := l.page.db.Load(), l.replies
	l.untilOutside("Parley holds one more reply", func() bool {
		heard := l.company.Slack.Events.Pending()+l.company.Teams.Activities.Pending() == 0
		return heard && pool.QueryRow(l.ctx, replies).Scan(&l.replies) == nil && l.replies > before
	})
	check(l.t, l.page.options.Clock.Move(l.ctx, pool, testHold))
}

// openMailbox shows a customer's mailbox.
func (l *live) openMailbox(address string) {
	l.t.Helper()
	l.click(`.rail [data-focus="` + address + `"]`)
	l.click(`[data-focus="tab-"]`)
	l.until("the mailbox is shown", `document.querySelector('.mailhead [data-focus=write]')`)
}

// choose picks an option of a select in the open form.
func (l *live) choose(selector, value string) {
	l.t.Helper()
	l.until("there is "+selector, fmt.Sprintf(`document.querySelector(%q)`, selector))
	l.js("choose "+value, fmt.Sprintf(
		`(() => { const s = document.querySelector(%q); s.value = %q; s.dispatchEvent(new Event('change', { bubbles: true })); })()`,
		selector, value))
}

// openForm presses a button of Slack's until its form shows a field. An agent presses again who is told by Parley or by Slack itself
// that it didn't work: on a slow machine Parley may answer too late, or the card with the button may have changed meanwhile.
func (l *live) openForm(button, field string) {
	l.t.Helper()
	l.openFormOrDone(button, field, "false")
}

// openFormOrDone presses a button until its form opens, or until a condition on the page shows that no form is needed.
func (l *live) openFormOrDone(button, field, done string) {
	l.t.Helper()
	const (
		toldByParley = `[...document.querySelectorAll('.ephemeral')].filter((e) => e.innerText.includes('didn’t show the window')).length`
		toldBySlack  = `document.querySelector('.toast.bad') != null`
	)
	for {
		l.js("forget what was told before", `document.querySelectorAll('.toast').forEach((e) => e.remove()), window.toldBefore = `+toldByParley)
		l.click(button)
		l.until("a form opens, or it is told why not", fmt.Sprintf(
			`document.querySelector('#modal[open] %s') || %s || %s || %s > window.toldBefore`,
			field, done, toldBySlack, toldByParley))
		opened, err := chromedp.Run(l.ctx,
			chromedp.Evaluate[bool](fmt.Sprintf(`document.querySelector('#modal[open] %s') != null || %s`, field, done)))
		if err != nil {
			l.fail("look for the form: %v", err)
		} else if opened {
			return
		}
	}
}

// openThread opens the thread of a card that shows a text, in the Slack or the Teams half.
func (l *live) openThread(half, text string) {
	l.t.Helper()
	find := fmt.Sprintf(
		`[...document.querySelectorAll('#%s .center [data-key]')].filter((e) => e.innerText.includes(%q) && e.querySelector('.replies')).at(-1)`,
		half, text)
	l.until("there is a thread of "+text, find)
	l.js("open it", find+`.querySelector('.replies').click()`)
	l.untilShown("#"+half+" .threadpane", text)
}

// shot saves pictures of the page, in both themes, in the folder PARLEY_TEST_SHOTS, for people to look at.
func (l *live) shot(name string) {
	l.t.Helper()
	dir := os.Getenv("PARLEY_TEST_SHOTS")
	if dir == "" {
		return
	}
	for _, theme := range []string{"light", "dark"} {
		l.emulateMedia(theme)
		picture := must(chromedp.Run(l.ctx, chromedp.CaptureScreenshot()))(l.t)
		check(l.t, os.WriteFile(filepath.Join(dir, name+"-"+theme+".png"), picture, 0o600))
	}
}

// untilFormClosed waits until no form is open.
func (l *live) untilFormClosed() {
	l.t.Helper()
	l.until("the form closes", `!document.querySelector('#modal[open]')`)
}

// formsInTeams sends a reply with buttons and begins a conversation, in Teams' dialogs. While the dialog of a reply is open,
// the card says so.
func (l *live) formsInTeams(dana livePhone) {
	l.t.Helper()
	const waits = "I am still waiting."
	if _, err := dana.Say(waits, nil, ""); err != nil { // a day has passed, so this opens the reply window again
		l.t.Fatal(err)
	}
	l.openThread(SurfaceTeams, "Dana Cole")
	l.untilShown("#teams .threadpane", waits)
	l.click(`#teams .threadpane [data-label="More"]`)
	l.click(`#modal [data-label="Reply"]`)
	l.untilShown("#teams .threadpane", "Ben Katz is replying")
	l.shot("teams-replying")

	l.write(`#modal [data-input="t:text"]`, "Shall we send the money again?")
	l.choose(`#modal select[data-input="o:add"]`, "buttons")
	l.click("#modal .ac-button.positive")
	l.untilShown("#modal", "At most 3 buttons")
	l.write(`#modal [data-input="t:choices"]`, "Yes, please\nNo, thanks")
	l.shot("teams-form-buttons")
	l.click("#modal .ac-button.positive")
	l.endHold()
	l.untilOutside("Dana may tap", dana.hasReceived("Yes, please"))
	l.untilFormClosed()

	l.click(`#teams [data-focus="post-apps"]`)
	l.untilShown(".menu", "Start conversation")
	l.js("begin", `[...document.querySelectorAll('.menu button')].find((b) => b.textContent.startsWith('Start conversation')).click()`)
	l.click(`#modal [data-focus="o:account/support-mail"]`)
	l.click("#modal .ac-button.positive")
	l.untilShown("#modal", "Subject")
	l.write(`#modal [data-input="t:recipient"]`, maria)
	l.write(`#modal [data-input="t:subject"]`, "Open day")
	l.write(`#modal [data-input="t:text"]`, "Come and see our new kiln.")
	l.shot("teams-form-new")
	l.click("#modal .ac-button.positive")
	l.endHold()
	l.untilOutside("Maria is invited", func() bool { return strings.Contains(l.mariasMail(), "new kiln") })
	l.untilFormClosed()
}

// cutTeams cuts the line to Teams while the customer writes, and plugs it in again. Then the observer must find nothing lost,
// doubled, out of order or leaked.
func (l *live) cutTeams(dana livePhone) {
	l.t.Helper()
	l.openThread(SurfaceTeams, "Dana Cole")
	must(dana.Say("", &File{Name: "photo.png", Type: "image/png", Content: MugPicture()}, ""))(l.t)
	l.click("#plugbutton")

	l.click(`[data-focus="plug-teams"]`)
	l.until("Teams is cut", `document.querySelector('#plugs .cut')`)
	must(dana.Say("While Teams was cut", nil, ""))(l.t)
	l.click(`[data-focus="plug-teams"]`)
	l.until("Teams is whole", `!document.querySelector('#plugs .cut')`)
	l.untilShown("#teams .threadpane", "While Teams was cut")

	l.untilShown("#plugs .sum", "each once and in order")
	l.shot("plugs-teams")
	l.checkDrawer("after the cut")
	l.click("#plugbutton")
	j := must(l.page.journal.readReport(l.ctx))(l.t)
	if n := j.Counts; n.Lost+n.Doubled+n.Disordered+n.Leaked > 0 {
		l.t.Errorf("the observer counts %+v, want nothing lost, doubled, out of order or leaked", n)
	}
}

// skipRestOfTour skips the steps that this test doesn't take.
func (l *live) skipRestOfTour() {
	l.t.Helper()
	l.until("the tour's other steps are skipped",
		`(document.querySelector('[data-focus="tourskip"]')?.click(), document.getElementById('tour').innerText.includes('That was the tour'))`)
}
