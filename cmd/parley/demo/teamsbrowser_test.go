package demo

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"parley/bot/teams/teamsfake"
	"parley/channels/email/mailfake"
	"parley/cmd/parley/demo/company"
)

const (
	inThread = "#teams .threadpane .t-msg"
	inPosts  = "#teams .t-post"
)

// newTeamsThread opens a page that shows Teams. It opens the thread of a mail by Maria.
func newTeamsThread(t *testing.T, subject, text string) *live {
	t.Helper()
	l := newLiveIn(t, company.SurfaceTeams)
	l.until("Teams is shown, since conversations open there",
		`!document.getElementById('teams').hidden && document.getElementById('slack').hidden`)
	must(l.company.Mail.Customer("Maria Lopez <" + maria + ">").Send(mailfake.Mail{To: []string{company.HelpAddress}, Subject: subject,
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

	l.click(`#teams [data-focus="` + company.TeamsSupport + `"]`)
	l.openThread(company.SurfaceTeams, "Glaze")
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
	l.plugsInPage(company.SurfaceTeams, dana)
	l.checkTeamsProblems()
}

// Agents edit, undo and delete their own messages, send files and chat with the app. If Parley may not read all messages, it
// hears only those that mention it.
func TestTeamsHabits(t *testing.T) {
	t.Parallel()
	l := newTeamsThread(t, "Two mugs", "Both are chipped.")
	l.attach("#teams .threadpane input[type=file]", "recipe.csv", "sand;1\n")
	l.replyInTeams("See *this*")
	l.untilShown(inThread+".mine .file", "recipe.csv")
	l.click(inThread + `.mine [data-tool="more"]`)
	l.js("edit", `[...document.querySelectorAll('.menu button')].find((b) => b.textContent === 'Edit').click()`)
	l.until("the editor has what was typed", `document.querySelector('#teams .editor textarea')?.value === 'See this'`)
	l.js("write anew",
		`(() => { const e = document.querySelector('#teams .editor textarea'); e.value = 'See this list'; e.dispatchEvent(new `+
			`Event('input')); })()`)
	l.click("#teams .editor .primary")
	l.untilShown(inThread+".mine", "Edited")
	l.endHold()
	l.untilShown(".maillist", "Ann Lee")
	if got := l.mariasMail(); !strings.Contains(got, "See this list") {
		t.Errorf("Maria received:\n%s", got)
	}

	l.replyInTeams("Nor this")
	l.untilShown(inThread+".mine", "Nor this")
	l.click(inThread + `.mine:last-of-type [data-tool="more"]`)
	l.js("undo", `[...document.querySelectorAll('.menu button')].find((b) => b.textContent.startsWith('Undo this reply')).click()`)
	l.untilShown("#modal[open]", "takes it back")
	l.shot("teams-undo")
	l.click("#modal .close")
	l.until("the dialog is closed", `!document.querySelector('#modal[open]')`)

	l.write("#t-reply", "/rep")
	l.untilShown("#teams .threadpane .suggest", "Reply to customer")
	l.do("take what is offered", chromedp.KeyEvent("\t"), chromedp.KeyEvent("\r"))
	l.until("the form opens", `document.querySelector('#modal[open] [data-input="t:text"]')`)
	l.shot("teams-reply")
	l.click("#modal .close")
	l.until("the dialog is closed", `!document.querySelector('#modal[open]')`)

	l.replyInTeams("And this one")
	l.untilShown(inThread+".mine", "And this one")
	l.click(inThread + `.mine [data-tool="more"]`)
	l.js("delete", `[...document.querySelectorAll('.menu button')].find((b) => b.textContent === 'Delete').click()`)
	l.untilShown(inThread+".mine", "This message has been deleted")

	l.click(`#teams [data-focus="permit"]`)
	l.until("Parley may not read all", `!document.getElementById('t-permit').checked`)
	l.replyInTeams("Nobody tells Parley of this")
	l.replyInTeams("@Parley reply: It leaves today")
	l.until("the app is mentioned", `document.querySelector('`+inThread+`.mine .t-at')?.textContent === 'Parley'`)
	l.endHold()
	l.untilOutside("Maria is told", func() bool { return strings.Contains(l.mariasMail(), "It leaves today") })
	if got := l.mariasMail(); strings.Contains(got, "regret") || strings.Contains(got, "And this one") ||
		strings.Contains(got, "Nobody tells") {
		t.Errorf("Maria received:\n%s", got)
	}

	l.click(`#teams [data-focus="chat"]`)
	l.untilShown("#teams .center .empty", "Your chat with Parley")
	l.write("#t-chat", "help")
	l.do("press Enter", chromedp.KeyEvent("\r"), chromedp.KeyEvent("\r"))
	l.untilShown("#teams .center .t-msg.app", "snooze")
	l.shot("teams-chat")
	l.click(`#teams [data-focus="` + company.TeamsSupport + `"]`)
	l.until("the channel is open", `document.querySelector('#teams [data-focus="post-apps"]').checkVisibility()`)
	l.click(`#teams [data-focus="post-apps"]`)
	l.untilShown(".menu", "Start conversation")
	l.js("search", `[...document.querySelectorAll('.menu button')].find((b) => b.textContent.startsWith('Find conversation')).click()`)
	l.untilShown(".t-search summary", "Two mugs")
	l.shot("teams-search")
	l.do("leave the search", chromedp.KeyEvent(kb.Escape))
	l.until("it is closed", `!document.querySelector('.t-search')`)
	l.checkTeamsProblems()
}

// The switch chooses the surface that is shown, in which new conversations open. Threads stay where they are. The page is
// checked in light and dark, in narrow windows, with long names and by keyboard.
func TestTeamsSwitch(t *testing.T) {
	t.Parallel()
	l := newTeamsThread(t, longName, longName+" asks")
	must(l.company.Teams.As(company.TeamsBen).Post(teamsfake.Post{
		Channel: company.TeamsSupport,
		Text:    longName + " `" + longName + "`",
		Subject: longName,
	}))(t)
	l.untilShown(inPosts+" .subject", longName)

	for _, theme := range []string{"light", "dark"} {
		l.emulateMedia(theme)
		for _, width := range []int64{1280, 960, 420, 360} {
			l.do("a window", chromedp.EmulateViewport(width, 780))
			l.click(`.tabs [data-tab="teams"]`)
			l.checkPart("#teams", theme)
			l.shot("teams-" + theme + "-" + strings.Repeat("i", int(width/100)))
		}
	}
	l.click("#teams .threadpane .close")
	l.until("the channel has the window",
		`document.querySelector('#teams .center').checkVisibility() && !document.querySelector('#teams .threadpane').checkVisibility()`)
	l.checkPart("#teams", "a narrow channel")
	l.shot("teams-narrow-channel")

	l.do("a wide window", chromedp.EmulateViewport(1280, 800))
	const asked = `[...document.querySelectorAll('#teams .t-post')].find((p) => p.textContent.includes('Maria Lopez'))`
	l.js("go to the post below hers, wherever others stand", asked+`.nextElementSibling.focus()`)
	l.do("go up, and open it", chromedp.KeyEvent(kb.ArrowUp), chromedp.KeyEvent(kb.Enter))
	l.untilShown(inThread, longName+" asks")
	l.until("the cursor is in the reply", `document.activeElement.id === 't-reply'`)

	l.do("press Enter on the switch", chromedp.SendKeys(chromedp.CSS(`#surfaces [data-surface=slack]`), kb.Enter))
	l.untilShown(".toast", "New conversations open in Slack from now on. Those in Teams stay there.")
	l.until("the address says so",
		`location.search === '?surface=slack' && document.querySelector('#surfaces .home').dataset.surface === 'slack'`)
	l.untilShown("#slack .center .empty", "Threads in Teams stay there.")
	l.shot("teams-away")

	before := len(l.company.Teams.Roots(company.TeamsSupport))
	for n := 1; len(l.company.Slack.Messages(company.Support)) == 0; n++ { // Parley reads its settings anew every second
		must(l.company.Mail.Customer(fmt.Sprintf("Kim <kim@x%d.test>", n)).Send(mailfake.Mail{To: []string{company.HelpAddress},
			Subject: fmt.Sprintf("Opening hours %d", n), Text: "On Sunday?"}))(t)
		l.untilOutside("the conversation opens somewhere", func() bool {
			return len(l.company.Slack.Messages(company.Support))+len(l.company.Teams.Roots(company.TeamsSupport)) == before+n
		})
	}
	l.untilShown("#slack .center .msg", "Opening hours")

	must(l.company.Mail.Customer("Maria Lopez <" + maria + ">").Send(mailfake.Mail{To: []string{company.HelpAddress},
		Subject: "Re: " + longName, Text: "Are you there?",
		InReplyTo: l.company.Mail.Sent(maria)[0].MessageID}))(t)
	l.do("load the page anew", chromedp.Reload())
	l.until("the page is ready, on Slack", `document.documentElement.dataset.ready === 'yes' && document.getElementById('teams').hidden`)
	l.click(`#surfaces [data-surface="teams"]`)
	const ofMaria = asked + `?.querySelector('.replies')`
	l.until("her post has replies", ofMaria+` != null`)
	l.js("open her thread", ofMaria+`.click()`)
	l.untilShown(inThread, "Are you there?")
	l.checkTeamsProblems()
}

// The upload page also works alone, for clients that can't show it in a dialog. It shows an error where it can be corrected,
// loses nothing that was typed or chosen, and can't be changed while it sends.
func TestTeamsUploadPageAlone(t *testing.T) {
	t.Parallel()
	l := newTeamsThread(t, "The form", "Send me the form, please.")
	l.click(inThread + ` [data-tool="more"]`)
	l.js("reply", `[...document.querySelectorAll('.menu button')].find((b) => b.textContent.startsWith('Reply to customer')).click()`)
	l.until("a dialog opens", `document.querySelector('#modal[open] [data-input="t:text"]')`)
	l.write(`#modal [data-input="t:text"]`, "Two of them")
	l.click(`#modal [data-label="Attach files…"]`)
	l.until("the page is shown", `document.querySelector('#modal[open] iframe.t-page')`)
	link := must(chromedp.Run(l.ctx, chromedp.Evaluate[string](`document.querySelector('#modal iframe.t-page').src`)))(t)
	l.do("open the page", chromedp.Navigate(link))
	l.until("what was typed is there", `document.getElementById('text')?.value === 'Two of them' && !location.hash`)

	l.js("watch what is sent", `(() => {
		window.sent = [];
		window.nativeInterface = { framelessPostMessage: (m) => { window.told = JSON.parse(m); } };
		window.send = XMLHttpRequest.prototype.send;
		XMLHttpRequest.prototype.send = function (body) { sent.push(this); this.body = body; };
		window.paste = (...names) => {
			const clipboardData = new DataTransfer();
			for (const name of names) clipboardData.items.add(new File(['content'], name, { type: 'text/plain' }));
			const e = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true });
			document.dispatchEvent(e);
		};
		window.files = () => [...document.querySelectorAll('#list li bdi')].map((li) => li.textContent).join(' ');
		paste('a.txt', 'b.txt', 'c.txt');
	})()`)
	l.until("three files are chosen", `files() === 'a.txt b.txt c.txt'`)
	l.js("one is wrong", `document.querySelector('[aria-label="Remove b.txt"]').click()`)
	l.until("it is gone", `files() === 'a.txt c.txt' && document.activeElement.id === 'file'`)

	l.js("send", `(() => { document.querySelector('.foot button').focus(); document.querySelector('.foot button').click(); })()`)
	l.js("more, too late", `paste('late.txt')`)
	l.until("nothing changes while it is sent",
		`files() === 'a.txt c.txt' && sent.length === 1 && document.querySelector('.foot button').matches(':disabled') && `+
			`document.getElementById('text').matches(':disabled')`)
	l.js("the line breaks", `sent[0].onerror()`)
	l.until("it is said, and can be sent again by keyboard",
		`document.getElementById('problem').textContent.includes('Nothing is sent twice') && `+
			`document.activeElement === document.querySelector('.foot button')`)

	l.js("a proxy refuses",
		`(() => { document.activeElement.click(); Object.defineProperties(sent[1], { status: { value: 413 }, `+
			`responseText: { value: '<html>nginx</html>' } }); sent[1].onload(); })()`)
	l.until("it isn't a fault of the line", `document.getElementById('problem').textContent.includes('server on the way')`)
	l.do("a phone", chromedp.EmulateViewport(360, 640))
	l.until("nothing is cut off", `document.documentElement.scrollWidth <= 360`)
	l.shot("upload-alone-problem")
	l.js("the page is told that it can't be sent now", `(() => { document.activeElement.click();
		Object.defineProperties(sent[2], { status: { value: 422 },
			responseText: { value: '<main><h1>Nothing can be sent here</h1><p class="problem">This conversation is resolved.</p></main>' } }); sent[2].onload(); })()`)
	l.until("what was typed and chosen stays",
		`document.getElementById('problem').textContent.includes('is resolved') && document.getElementById('text').value === 'Two of them' && `+
			`files() === 'a.txt c.txt'`)

	l.js("send it at last", `(() => { XMLHttpRequest.prototype.send = send; document.activeElement.click(); })()`)
	l.until("it is done, and a phone's client is told",
		`document.querySelector('main[data-done] h1') === document.activeElement && window.told?.func === 'tasks.completeTask' && `+
			`window.told.args[0].uploaded`)
	again, _, _ := strings.Cut(link, "#") // with the fragment it would be the same document
	l.do("once more", chromedp.Navigate(again))
	l.until("there is no form any more",
		`document.querySelector('main[data-done] [role=status]')?.textContent.includes('sent before') && !document.querySelector('form')`)
	l.shot("upload-alone-again")

	l.endHold()
	l.untilOutside("Maria has the files", func() bool {
		list := l.company.Mail.Inbox(maria)
		return len(list) == 1 && strings.Contains(list[0].Text, "Two of them") && len(list[0].Attachments) == 2
	})
	l.checkTeamsProblems()
}
