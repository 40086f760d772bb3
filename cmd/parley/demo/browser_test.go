package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"parley/channels/emulator"
	"parley/cmd/parley/app"
	"parley/cmd/parley/lab"
	"parley/cmd/parley/site/sitetest"
)

const (
	maria    = "maria@lopez-ceramics.test"
	testHold = 10 * time.Minute // too long to end by itself on the slowest machine; see endHold
	stepTime = 2 * time.Minute  // after which a step on the page has failed
	attack   = `<img src=x onerror="document.title='owned'">`
)

// live is a page with a real Parley behind it, in a browser window.
type live struct {
	t       *testing.T
	ctx     context.Context // of the window
	company *Company
	page    *Page

	replies int // that Parley had when the last hold ended
}

// newLiveIn is newLive with both surfaces. Conversations open in one of them. change changes the options of its Parley.
func newLiveIn(t *testing.T, home string, change ...func(*app.Options)) *live {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute) // enough for a slow machine
	t.Cleanup(cancel)
	clock := &Clock{}
	log := slog.New(slog.DiscardHandler)
	listen := must(emulator.FreeAddress(ctx))(t)
	w := must(New(ctx, CompanyOptions{Clock: clock.Now, TokenClock: time.Now, Proxies: true, SaveSent: true, Phones: true,
		PublicURL: "http://" + listen,
		Patience:  time.Minute, TeamsOptions: TeamsOptions{Teams: true, Home: home, TeamsRetries: teamsRetries()}}))(t)
	t.Cleanup(func() { _ = w.Close() })

	database := lend(t)
	db := database.db
	vars := map[string]string{
		"DATABASE_URL":  database.url,
		"PARLEY_DATA":   t.TempDir(),
		"PARLEY_LISTEN": listen,
		"SLACK_RATE":    "0",
		"TEAMS_RATE":    "0",
	}
	for _, v := range w.Env() {
		name, value, _ := strings.Cut(v, "=")
		vars[name] = value
	}
	env := must(app.LoadEnv(func(name string) (string, bool) { value, ok := vars[name]; return value, ok }))(t)
	check(t, db.Migrate(ctx, env))
	check(t, lab.Apply(ctx, db, w.Config(testHold), nil))

	o := EngineOptions()
	o.Relay.Sessions = database.sessionsOf(0)
	for _, c := range change {
		c(&o)
	}
	a := must(app.New(ctx, env, db, log, o))(t)
	p := must(NewPage(w, PageOptions{Clock: clock, Hold: testHold, CutFor: noBack}))(t)
	p.SetDatabase(db.Pool)
	applyHome := func(ctx context.Context) error { return lab.Apply(ctx, db, w.People(), nil) }
	p.applyHome.Store(&applyHome)

	runCtx, stop := context.WithCancel(ctx)
	done := make(chan error, 2)
	go func() { done <- a.Run(runCtx) }()
	go func() { done <- p.Run(runCtx) }()
	t.Cleanup(func() {
		stop()
		for range cap(done) {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
	check(t, errors.Join(waitUntilConnected(ctx, w, db.Pool), w.Install(ctx), w.Subscribe(ctx)))
	return browse(t, w, p)
}

// browse opens a page in a window of its own.
func browse(t *testing.T, w *Company, p *Page) *live {
	t.Helper()
	srv := httptest.NewServer(p)
	t.Cleanup(srv.CloseClientConnections)
	l := browseTo(t, srv.URL)
	l.company, l.page = w, p
	return l
}

// browseTo opens an address in a window of its own.
func browseTo(t *testing.T, url string) *live {
	t.Helper()
	l := &live{t: t, ctx: sitetest.Tab(t)}
	l.do("a window", chromedp.EmulateViewport(1280, 800))
	l.emulateMedia("light")
	l.do("open the page", chromedp.Navigate(url))
	l.until("the page is ready", `document.documentElement.dataset.ready === 'yes'`)
	return l
}

// emulateMedia shows the page in a light or a dark system that reduces motion. Otherwise each screenshot of a blinking lamp
// costs as much processor time as a page that changes.
func (l *live) emulateMedia(theme string, more ...*emulation.MediaFeature) {
	l.t.Helper()
	must(chromedp.Call(l.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: append(more,
		&emulation.MediaFeature{Name: "prefers-color-scheme", Value: theme},
		&emulation.MediaFeature{Name: "prefers-reduced-motion", Value: "reduce"})}))(l.t)
}

// do lets the browser do something within stepTime.
func (l *live) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.ctx, stepTime)
	defer cancel()
	if err := sitetest.Act(ctx, actions...); err != nil {
		l.fail("%s: %v", what, err)
	}
}

// until waits for a JavaScript condition on the page. All methods that begin with until wait.
func (l *live) until(what, condition string) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.ctx, stepTime)
	defer cancel()
	if err := sitetest.Until(ctx, condition); err != nil {
		l.fail("waited in vain until %s: %v", what, err)
	}
}

// untilShown waits for a text in a part of the page.
func (l *live) untilShown(selector, text string) {
	l.t.Helper()
	l.until(selector+" shows "+text, fmt.Sprintf("[...document.querySelectorAll(%q)].some((e) => e.innerText.includes(%q))", selector, text))
}

// click presses the last element of a selector.
func (l *live) click(selector string) {
	l.t.Helper()
	find := fmt.Sprintf("[...document.querySelectorAll(%q)].at(-1)", selector)
	l.until("there is "+selector, find)
	l.js("press "+selector, find+".click()")
}

// js runs a script on the page.
func (l *live) js(what, script string) {
	l.t.Helper()
	l.do(what, chromedp.Evaluate[chromedp.Void]("void ("+script+")"))
}

// write types into a field as a person does, and waits until the text is complete. A busy browser may take a click before
// the last key.
func (l *live) write(selector, text string) {
	l.t.Helper()
	l.do("write into "+selector, chromedp.WaitVisible(chromedp.CSS(selector)), chromedp.SendKeys(chromedp.CSS(selector), text))
	l.until("all is written", fmt.Sprintf("document.querySelector(%q).value.includes(%q)", selector, text))
}

// attach chooses a file as a person does.
func (l *live) attach(selector, name, content string) {
	l.t.Helper()
	path := filepath.Join(l.t.TempDir(), name)
	check(l.t, os.WriteFile(path, []byte(content), 0o600))
	l.do("attach "+name, chromedp.SetUploadFiles(chromedp.CSS(selector), []string{path}))
}

// reply writes into the thread that is open in Slack.
func (l *live) reply(text string) {
	l.t.Helper()
	l.write("#reply", text)
	l.click(".threadpane .send")
	l.untilShown(".threadpane .msg", text)
}

// untilTicked waits until a step of the tour is done.
func (l *live) untilTicked(step string) {
	l.t.Helper()
	l.until("the tour ticks "+step, fmt.Sprintf("document.querySelector('.dots [data-name=%s].done')", step))
}

// fail ends the test, and shows what the page looked like.
func (l *live) fail(format string, args ...any) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), 30*time.Second)
	defer cancel()
	if text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText")); err == nil {
		l.t.Log(text)
	}
	l.t.Fatalf(format, args...)
}

// mariasMail returns everything that Maria received, as one text.
func (l *live) mariasMail() string {
	var b strings.Builder
	for _, m := range l.company.Mail.Inbox(maria) {
		_, _ = io.WriteString(&b, m.Text+"\n"+m.HTML+"\n")
	}
	return b.String()
}

// The test takes the whole tour: it does in the page what each step asks for, and the steps are ticked. Before it, the demo's
// Slack shows an agent's own page of the app.
func TestTour(t *testing.T) {
	t.Parallel()
	l := newLive(t)
	l.click(`#slack [data-focus=home]`)
	l.untilShown(".home", "Nothing is waiting for you")
	l.shot("home-none")
	l.click(`#slack [data-focus="` + Support + `"]`)

	dana := l.textByWhatsApp("Dana Cole", "dana@cole.test", "Me again, about order 0977.")
	l.untilShown(".center .msg", "Dana Cole")
	l.click(`#tour [data-step="answer"]`)
	l.untilShown(".threadpane .msg", "Me again, about order 0977.")
	l.until("an answer is suggested", `document.getElementById('reply').value.includes('looking into it')`)
	l.click(".threadpane .send")
	l.endHold()
	l.untilTicked("answer") // by the answer to the newest customer
	l.untilOutside("Dana reads the answer", dana.hasReceived("We are looking into it"))

	l.untilShown("#mail .chat", "Me again, about order 0977.") // the answered customer is shown
	l.openMailbox(maria)
	l.click(".mailhead .primary")
	l.write("#w-subject", "Two broken mugs")
	l.write("#w-text", "Can you send new ones?")
	l.attach("#w-files", "list.csv", "mug;2\n")
	l.shot("write")
	l.click(".write .primary")
	l.openThread(SurfaceSlack, "Two broken mugs")
	l.untilShown(".threadpane .msg", "Can you send new ones?")
	l.untilShown(".threadpane .file", "list.csv")
	l.shot("thread")

	const typed = `document.getElementById('reply').value`
	l.write("#reply", "They leave today, sorry!")
	l.openThread(SurfaceSlack, "Dana Cole")
	l.until("what was typed stays in its thread", typed+` === ''`)
	l.openThread(SurfaceSlack, "Two broken mugs")
	l.until("it waits there", typed+` === 'They leave today, sorry!'`)
	l.click(".threadpane .send")
	l.untilShown(".threadpane .msg", "They leave today, sorry!")

	l.click("#journeybutton")
	l.untilShown(".journey", "waits a moment")
	l.shot("held")
	l.endHold()
	l.untilShown(".maillist", "Ann Lee")
	l.untilTicked("answer")
	l.untilShown(".journey", "with the customer, once")
	l.shot("sent")
	l.click("#journeybutton")
	l.click(".mailrow.unread")
	l.until("the mail is open", `document.querySelector('.reader iframe') || document.querySelector('.reader .plaintext')`)
	l.shot("mail")

	l.reply("This one I regret")
	l.click(`.threadpane .msg [data-tool="leftwards_arrow_with_hook"]`)
	l.untilTicked("undo")
	l.reply("note: the glaze is from May")
	l.untilTicked("note")
	l.reply("!tag Complaint")
	l.untilTicked("tag")
	l.until("the card shows the tag", `document.querySelector('.threadpane .msg')?.innerText.includes('Complaint')`)

	l.openForm(`.threadpane [data-label="Snooze"]`, "select")
	l.js("choose an hour",
		`(() => { const s = document.querySelector('#modal select'); s.value = [...s.options].find((o) =>`+
			` o.text.startsWith('1 hour')).value; s.dispatchEvent(new Event('change')); })()`)
	l.shot("form")
	l.click("#modal footer .primary")
	l.untilTicked("snooze")
	l.until("the form closes", `!document.querySelector('#modal[open]')`)
	l.click("#clock")
	l.click(".menu button:first-of-type")
	l.untilTicked("wake")
	l.openFormOrDone(`.threadpane [data-label="Resolve"]`, "footer .primary",
		`/esolved/.test(document.querySelector('.threadpane').innerText)`)
	l.js("resolve", `document.querySelector('#modal[open] footer .primary')?.click()`)
	l.untilTicked("resolve")
	l.skipRestOfTour()
	l.shot("done")

	l.click(".reader > header .primary")
	l.write("#w-text", "They came, thank you!")
	l.click(".write .primary")
	l.untilShown(".threadpane .msg", "They came, thank you!")
	l.untilShown(".threadpane .msg", "wrote again")

	got := l.mariasMail()
	if !strings.Contains(got, "They leave today") || strings.Contains(got, "regret") || strings.Contains(got, "glaze") {
		t.Errorf("Maria received:\n%s", got)
	}
}
