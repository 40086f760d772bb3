package demo

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"parley/channels/email/mailfake"
)

const (
	inThread = "#teams .threadpane .t-msg"
	inPosts  = "#teams .t-post"
)

// newTeamsThread opens a page that shows Teams. It opens the thread of a mail by Maria.
func newTeamsThread(t *testing.T, subject, text string) *live {
	t.Helper()
	l := newLiveIn(t, SurfaceTeams)
	l.until("Teams is shown, since conversations open there",
		`!document.getElementById('teams').hidden && document.getElementById('slack').hidden`)
	must(l.company.Mail.Customer("Maria Lopez <" + maria + ">").Send(mailfake.Mail{To: []string{HelpAddress}, Subject: subject,
		Text: text}))(t)
	l.click(inPosts + " .replies")
	l.untilShown(inThread, text)
	return l
}

// replyInTeams writes a message into the open thread of Teams.
func (l *live) replyInTeams(text string) {
	l.t.Helper()
	l.write("#t-reply", text)
	l.do("press Enter", chromedp.KeyEvent("\r"))
	l.until("the box is empty", `document.getElementById('t-reply').value === ''`)
}

// becomeAgent lets the page be the agent with a name.
func (l *live) becomeAgent(name string) {
	l.t.Helper()
	find := fmt.Sprintf(`[...document.getElementById('t-agent').options].find((o) => o.text.includes(%q))`, name)
	l.js("be "+name, `(() => { const o = `+find+`; o.selected = true; o.parentElement.dispatchEvent(new Event('change')); })()`)
	l.until("the page is "+name, find+`.selected`)
}

// untilOutside waits for something that happens outside the page.
func (l *live) untilOutside(what string, ok func() bool) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.ctx, stepTime)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			l.fail("waited in vain until %s", what)
		case <-tick.C:
		}
	}
}

// checkTeamsProblems fails the test if Teams' clients would show something differently than it was meant.
func (l *live) checkTeamsProblems() {
	l.t.Helper()
	for _, p := range l.company.Teams.Problems() {
		l.t.Errorf("%s %s: %s", p.Where, p.ID, p.Text)
	}
}

// A customer mails and an agent answers in the page's Teams half. Buttons, a dialog with an error, private answers, the menu
// of a message and mentions behave as in Teams.
func TestTeamsInThePage(t *testing.T) {
	t.Parallel()
	l := newTeamsThread(t, "Glaze "+attack, "What is in it? **sand** <at>Ann Lee</at> "+attack)
	l.untilShown(inPosts, "Glaze "+attack)
	l.replyInTeams("Only sand & ash")
	l.untilShown(inThread+".mine", "Only sand & ash")
	l.endHold()
	l.untilShown(".maillist", "Ann Lee")
	l.untilTicked("answer")
	if got := l.mariasMail(); !strings.Contains(got, "Only sand & ash") {
		t.Errorf("Maria received:\n%s", got)
	}
	l.until("what people write stays text",
		`document.title === 'Parley demo' && !document.querySelector('img[src="x"]') && `+
			`!document.querySelector('.t-post .t-at, .threadpane .t-msg:nth-child(2) .t-at')`)
	l.shot("teams-thread")

	l.click(`#teams .threadpane [data-label="Snooze"]`)
	l.untilShown("#modal[open]", "Or type a time")
	l.write(`#modal [data-input="t:other"]`, "never ever")
	l.shot("teams-dialog")
	l.click(`#modal [data-label="Snooze"]`)
	l.untilShown("#modal[open]", "I can't read “never ever” as a time")
	l.until("what was typed is kept", `document.querySelector('#modal [data-input="t:other"]').value === 'never ever'`)
	l.checkPart("#teams", "a dialog with an error")
	l.shot("teams-wrong")
	l.js("type it right", `document.querySelector('#modal [data-input="t:other"]').value = '2h'`)
	l.click(`#modal [data-label="Snooze"]`)
	l.until("the dialog closes", `!document.querySelector('#modal[open]')`)
	l.untilShown(inThread, "Ann Lee snoozed this")
	l.click(`#teams .threadpane [data-label="Wake"]`)
	l.untilTicked("wake")

	l.replyInTeams("/list all")
	l.untilShown(inThread+".private.app", "Glaze")
	l.shot("teams-private")
	l.write("#t-reply", "/assign @be")
	l.untilShown("#teams .threadpane .suggest", "Ben Katz")
	l.do("take the name that is offered", chromedp.KeyEvent("\t"), chromedp.KeyEvent("\r"))
	l.untilShown(inThread, "Ann Lee assigned this to you")
	l.becomeAgent("Ben Katz")
	l.until("Ben sees nothing of what is private to Ann",
		`![...document.querySelectorAll('#teams .threadpane .private')].length && document.querySelector('#teams .threadpane .t-at.me')`)
	l.click(`#teams [data-focus="activity"]`)
	l.untilShown("#teams .t-activity", "Parley mentioned you")
	l.shot("teams-activity")
	l.click("#teams .t-activity")
	l.until("the thread is open", `document.querySelector('#teams .threadpane').checkVisibility()`)

	l.click(inThread + ` [data-tool="more"]`)
	l.untilShown(".menu", "Add internal note")
	l.shot("teams-menu")
	l.js("note", `[...document.querySelectorAll('.menu button')].find((b) => b.textContent.startsWith('Add internal note')).click()`)
	l.until("a dialog opens", `document.querySelector('#modal[open] [data-input]')`)
	l.js("clear", `document.querySelector('#modal [data-input]').value = ''`)
	l.click(`#modal .ac-button.positive`)
	l.until("the client wants the field to be filled in", `document.querySelector('#modal[open] [aria-invalid]') === document.activeElement`)
	l.write("#modal [data-input]", "the glaze is from May")
	l.click(`#modal .ac-button.positive`)
	l.untilShown(inThread, "the glaze is from May")
	l.untilTicked("note")
	l.replyInTeams("!tag Complaint")
	l.untilTicked("tag")

	dana := l.textByWhatsApp("Dana Cole", "dana@cole.test", "Me again, about order 0977.")
	l.click("#clock")
	l.click(".menu button:last-of-type")
	l.untilShown("#clock", "+24 h")

	l.click(`#teams [data-focus="` + TeamsSupport + `"]`)
	l.openThread(SurfaceTeams, "Glaze")
	l.replyInTeams("This one I regret")
	l.untilShown(inThread+".mine", "This one I regret")
	l.click(inThread + `.mine:last-of-type [data-tool="more"]`)
	l.js("delete", `[...document.querySelectorAll('.menu button')].find((b) => b.textContent === 'Delete').click()`)
	l.untilTicked("undo")
	l.click(`#teams .threadpane [data-label="Resolve"]`)
	l.until("a form opens, or it is done",
		`document.querySelector('#modal[open] .ac-button.positive') || /esolved/.test(document.querySelector('#teams .threadpane').innerText)`)
	l.js("resolve", `document.querySelector('#modal[open] .ac-button.positive')?.click()`)
	l.untilTicked("resolve")

	l.skipRestOfTour()
	l.shot("teams-done")
	l.formsInTeams(dana)
	l.cutTeams(dana)
	l.checkTeamsProblems()
}
