package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/bot/slack/slackfake"
	"parley/bot/teams/teamsfake"
	"parley/channels/email/mailfake"
	"parley/channels/emulator"
	"parley/cmd/parley/app"
	"parley/cmd/parley/site/sitetest"
)

// asEngine is the variable that turns the binary of this test into the Parley of a demo.
const asEngine = "PARLEY_TEST_AS_ENGINE"

func TestMain(m *testing.M) {
	if os.Getenv(asEngine) == "" {
		os.Exit(sitetest.Main(m))
	}
	if err := beEngine(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func beEngine() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	env, err := app.LoadEnv(os.LookupEnv)
	if err != nil {
		return err
	}
	return app.Serve(ctx, env, slog.New(slog.NewTextHandler(os.Stderr, nil)), func(string) {}, EngineOptions())
}

// runningDemo is a complete demo whose Parley runs in a process of its own.
type runningDemo struct {
	t    *testing.T
	ctx  context.Context
	url  string
	data string
	mail string // Message-ID of Maria's first mail
	home string // surface
}

// noBack is longer than any test, so that a cut line isn't plugged in before the test does it.
const noBack = time.Hour

// runDemo starts a demo with the Surface, Hold and Back of o.
func runDemo(t *testing.T, o Options) *runningDemo {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	t.Cleanup(cancel)
	data := t.TempDir()
	if err := os.Chmod(filepath.Dir(data), 0o755); err != nil { //nolint:gosec // the database server's account has to get in
		t.Fatal(err)
	}

	// Parley is this binary, started by a script.
	exe := filepath.Join(data, "engine")
	script := fmt.Sprintf("#!/bin/sh\n%s=yes exec '%s' \"$@\"\n", asEngine, os.Args[0])
	if err := os.WriteFile(exe, []byte(script), 0o700); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}

	d := &runningDemo{t: t, ctx: ctx, data: data, home: o.Surface}
	runCtx, stop := context.WithCancel(ctx)
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() {
		o.Listen, o.Data, o.Exe = "127.0.0.1:0", data, exe
		o.Log, o.Say = slog.New(slog.DiscardHandler), func(string) {}
		o.Ready = func(url string, _ []string) error { ready <- url; return nil }
		done <- Run(runCtx, o)
	}()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})

	select {
	case d.url = <-ready:
		d.url, _, _ = strings.Cut(d.url, "/?")
	case err := <-done:
		done <- err
		t.Fatalf("the demo did not start: %v", err)
	}
	return d
}

func (d *runningDemo) get(path string, into any) {
	d.t.Helper()
	d.call(http.MethodGet, path, "", nil, into)
}

func (d *runningDemo) post(path string, body, into any) {
	d.t.Helper()
	raw := must(json.Marshal(body))(d.t)
	d.call(http.MethodPost, path, "application/json", strings.NewReader(string(raw)), into)
}

// form posts name=value fields.
func (d *runningDemo) form(path string, fields url.Values) {
	d.t.Helper()
	d.call(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(fields.Encode()), nil)
}

func (d *runningDemo) call(method, path, kind string, body io.Reader, into any) {
	d.t.Helper()
	req := must(http.NewRequestWithContext(d.ctx, method, d.url+path, body))(d.t)
	req.Header.Set("Content-Type", kind)
	res := must(emulator.NewClient().Do(req))(d.t)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		d.t.Fatalf("%s %s: %s %v: %s", method, path, res.Status, err, raw)
	}
	if into != nil {
		if err := json.Unmarshal(raw, into); err != nil {
			d.t.Fatalf("%s: %v: %s", path, err, raw)
		}
	}
}

func (d *runningDemo) readState() (s state) {
	d.t.Helper()
	d.get("/state?"+url.Values{
		"as":            {Ann},
		"channel":       {Support},
		"teams_as":      {TeamsAnn},
		"teams_channel": {TeamsSupport},
		"customer":      {maria},
	}.Encode(), &s)
	return s
}

func (d *runningDemo) journal() (j Report) {
	d.t.Helper()
	d.get("/journal", &j)
	return j
}

func (d *runningDemo) plug(line, to string) {
	d.t.Helper()
	d.form("/plug", url.Values{"line": {line}, "to": {to}})
}

// until waits for a condition. If it doesn't become true, the test fails and shows the journal.
func (d *runningDemo) until(what string, ok func() bool) {
	d.t.Helper()
	limit := time.NewTimer(10 * time.Minute) // enough for a slow machine
	defer limit.Stop()
	tick := time.NewTicker(500 * time.Millisecond) // each report of the journal compares all messages
	defer tick.Stop()
	for !ok() {
		select {
		case <-limit.C:
			raw, err := json.MarshalIndent(d.journal(), "", " ")
			log, _ := os.ReadFile(filepath.Join(d.data, "engine.log")) // may not be there yet
			d.t.Fatalf("waited in vain until %s\n%+v\n%s %v\n%s", what, d.readState().Plugs, raw, err, log[max(0, len(log)-5000):])
		case <-tick.C:
		}
	}
}

// firstSaid is the number of messages that customers write at first: six mails, and four messages by phone.
const firstSaid = 10

// untilFirstMessages waits for the customers' first messages and returns the thread of Maria's.
func (d *runningDemo) untilFirstMessages() (thread string) {
	d.t.Helper()
	d.until("the first mails arrive", func() bool { return d.journal().Counts == Counts{Said: firstSaid, Arrived: firstSaid} })
	s := d.readState()
	d.mail = s.Mail.Mails[0].MessageID
	for _, p := range s.Teams.Posts {
		if len(p.Cards) == 1 && strings.Contains(string(p.Cards[0]), "two mugs") {
			return p.ID
		}
	}
	for _, m := range s.Slack.Messages {
		if strings.Contains(m.Text, "two mugs") {
			return m.TS
		}
	}
	d.t.Fatal("Maria has no thread")
	return ""
}

// mailAndReply lets Maria mail and Ann reply, in one conversation.
func (d *runningDemo) mailAndReply(thread, about string) {
	d.t.Helper()
	d.post("/_fake/mail/send", mailfake.Mail{From: "Maria Lopez <" + maria + ">", To: []string{HelpAddress},
		Subject: "Re: Order 1042: two mugs arrived chipped", Text: about + " I ask", InReplyTo: d.mail, References: []string{d.mail}}, nil)
	d.say(thread, about+" I answer")
}

// say lets Ann write into a thread.
func (d *runningDemo) say(thread, text string) {
	d.t.Helper()
	if d.home == SurfaceTeams {
		d.post("/teams/_fake/person/"+TeamsAnn+"/reply", teamsfake.Act{Channel: TeamsSupport, Root: thread, Text: text}, nil)
		return
	}
	d.post("/_fake/person/"+Ann+"/post", slackfake.Act{Post: slackfake.Post{
		Channel: Support,
		Thread:  thread,
		Text:    text,
	}}, nil)
}

// pullMail cuts the line to mail while a customer mails and an agent replies. Once it is plugged in again, everything must
// have arrived once and in order. It returns the number of messages so far. showDrawer pulls the other plugs.
func (d *runningDemo) pullMail(thread string) (said int) {
	d.t.Helper()
	const whileOff = 2 // mails with replies
	said = firstSaid + 2*(1+whileOff)
	d.mailAndReply(thread, "Just before mail goes")
	d.plug(LineMail, "cut")
	d.until("mail is off", func() bool { s := d.readState(); return s.Plugs.Mail.State == "cut" && s.Phase != "" })

	for n := range whileOff {
		d.mailAndReply(thread, fmt.Sprintf("Number %d while mail is off", n))
	}
	d.say(thread, "note: mail is off")
	d.until("what must go through there waits", func() bool {
		n := d.journal().Counts
		return n.Said == said && n.Waiting >= whileOff && n.Lost == 0
	})

	d.plug(LineMail, "in")
	want := Counts{Said: said, Arrived: said, Inside: 1}
	d.until("all of it has arrived", func() bool { return d.journal().Counts == want })
	d.until("mail is on", func() bool { s := d.readState(); return s.Plugs.Mail.State == "on" && s.Phase == "" })
	d.until("Parley is quiet", func() bool { return d.journal().Quiet })
	if n := d.journal().Counts; n != want {
		d.t.Errorf("counts once mail is on and Parley is quiet: got %+v, want %+v", n, want)
	}
	return said
}

// The page's drawer shows what is cut, what waits and what has arrived. A reset restores the first state, even while lines are
// cut. Then mail is cut while a customer mails and an agent replies. Once it is plugged in again, everything has arrived once and
// in order.
func TestPlugs(t *testing.T) {
	t.Parallel()
	d := runDemo(t, Options{Hold: time.Second, Back: noBack}) // the first replies still wait when the plug is pulled
	first := d.untilFirstMessages()
	l := showDrawer(t, d)

	d.plug(LineSlack, "cut")
	d.plug(LineMail, "cut")
	l.resetDemo()
	d.until("a new round begins, with every line plugged in", func() bool { s := d.readState(); return s.Round == 1 && s.Phase == "" })
	const wantMost = 8 + 1 // threads, and the word about the template
	if n := len(d.readState().Slack.Messages); n > wantMost {
		t.Errorf("%d messages in the channel after the reset, want at most %d", n, wantMost)
	}
	thread := d.untilFirstMessages()
	if thread == first {
		t.Error("the thread of the first round is still there")
	}
	const wantMails = 2 // Maria's, and the automatic reply
	if s := d.readState(); s.Ahead != 0 || s.Plugs.Parley.Times != 0 || len(s.Mail.Mails) > wantMails {
		t.Errorf("after the reset: got a clock %d s ahead, Parley killed %d times, %d mails; want 0, 0, at most %d",
			s.Ahead, s.Plugs.Parley.Times, len(s.Mail.Mails), wantMails)
	}

	said := d.pullMail(thread) + 1
	d.form("/clock", url.Values{"to": {"day"}})
	d.say(thread, "A day later I answer once more")
	d.until("it arrives a day later", func() bool { return d.journal().Counts.Arrived == said })
	if ahead := d.readState().Ahead; ahead != 24*60*60 {
		t.Errorf("the clock is %d s ahead, want a day", ahead)
	}
	if row := d.journal().Rows[0]; time.Until(row.At) < 23*time.Hour || row.SeenAt == nil {
		t.Errorf("the newest message was said at %s and seen at %v, want a day ahead and seen", row.At, row.SeenAt)
	}
	l.changeSurface(said)
}
