package site_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/bot/web/inbox"
	"parley/bridge"
	"parley/bridge/engine"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/cmd/parley/app"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store"
)

// newEngine makes the engine of an inbox; it does nothing yet.
func newEngine(t *testing.T, o *site.Options) *engine.Engine {
	t.Helper()
	e, err := engine.New(t.Context(), engine.Options{Pool: o.Pool, Log: slog.New(slog.DiscardHandler), Specs: app.Specs(), Original: func(store.MessageID) string { return "/files/o.1" }})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// withInbox returns a site its inbox.
func withInbox(t *testing.T) func(*site.Options) {
	return func(o *site.Options) { o.Inbox = newEngine(t, o).Inbox() }
}

// deskCompany has a mailbox of Support, and one of the guards that opens its threads in a channel of its own. Nothing
// connects it to Slack: it is away.
const deskCompany = `
company: Acme
agents:
  - {email: ann@acme.test, name: Ann Lee, roles: [admin], zone: UTC, slack: U0ANN}
  - {email: ben@acme.test, name: Ben Osei, roles: [agent], zone: UTC, slack: U0BEN}
  - {email: cat@acme.test, name: Cat Moss, roles: [agent], zone: UTC, slack: U0CAT}
teams:
  - {name: Support, members: [ann@acme.test, ben@acme.test, cat@acme.test], slack_channel: C0SUPPORT}
  - {name: Guards, members: [cat@acme.test], slack_channel: C0GUARDS}
accounts:
  - {name: support-mail, kind: http, team: Support, mode: live, hold: 0s, http: {secret: "shop-tops3cret", callback_url: "https://shop.test/a"}}
  - {name: guards-mail, kind: http, team: Guards, mode: live, slack_channel: C0VAULT1, http: {secret: "shop-tops3cret", callback_url: "https://shop.test/b"}}
`

// inboxSite is a site with an inbox at work, and a provider of mails.
type inboxSite struct {
	*sitetest.Site
	engine   *engine.Engine
	provider *channelstest.Provider
	late     *lateDesk
	stop     func()
	serial   int
}

// lateDesk is an inbox that says something else of what was done there, as long as a test wants.
type lateDesk struct {
	inbox.Desk

	says atomic.Pointer[bridge.ActResult]
}

// Result implements inbox.Desk.
func (d *lateDesk) Result(ctx context.Context, agent bridge.AgentID, conversation bridge.ConversationID, name string) (bridge.ActResult, error) {
	if said := d.says.Load(); said != nil {
		return *said, nil
	}
	return d.Desk.Result(ctx, agent, conversation, name)
}

// startInbox starts one whose mailboxes can do what mail can; change makes that different.
func startInbox(t *testing.T, change ...func(*channels.Capabilities)) *inboxSite {
	t.Helper()
	s := &inboxSite{provider: channelstest.NewProvider(t)}
	s.Site = sitetest.Start(t, deskCompany, func(o *site.Options) {
		s.engine = newEngine(t, o)
		s.late = &lateDesk{Desk: s.engine.Inbox()}
		o.Inbox = s.late
	})
	caps := channelstest.MailLike()
	for _, c := range change {
		c(&caps)
	}
	for _, a := range s.engine.Accounts() {
		if a.Side == store.SideChannel {
			s.engine.SetChannel(a.ID, channelstest.New(s.provider, "secret", caps, channels.Env{}))
		}
	}
	s.stop = run(t, s.engine)
	return s
}

// run lets an engine work until the test ends, or stop is called.
func run(t *testing.T, e *engine.Engine) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() {
		if err := e.Run(ctx, time.Second); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	stop = sync.OnceFunc(func() { cancel(); group.Wait() })
	t.Cleanup(stop)
	return stop
}

// writes lets a customer write a mail, and waits until it is in a conversation.
func (s *inboxSite) writes(account string, e channelstest.Event) {
	s.T.Helper()
	s.serial++
	e.Type, e.ID = "message", fmt.Sprintf("in-%d", s.serial)
	body, err := json.Marshal(e)
	if err != nil {
		s.T.Fatal(err)
	}
	for _, a := range s.engine.Accounts() {
		if a.Name == account {
			err = s.engine.Accept(s.T.Context(), a.ID, channels.Fact{ExternalID: "message:" + e.ID, OrderKey: e.From, Payload: body})
		}
	}
	if err != nil {
		s.T.Fatal(err)
	}
	s.until("it is applied", func() bool { return s.count(`SELECT count(*) FROM messages WHERE external_id = $1`, e.ID) == 1 })
}

func (s *inboxSite) count(sql string, args ...any) (n int) {
	s.T.Helper()
	if err := s.Pool.QueryRow(s.T.Context(), sql, args...).Scan(&n); err != nil {
		s.T.Fatalf("%s: %v", sql, err)
	}
	return n
}

// until waits for a condition.
func (s *inboxSite) until(what string, done func() bool) {
	s.T.Helper()
	end := time.NewTimer(3 * time.Minute)
	defer end.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-end.C:
			s.T.Fatalf("in vain: %s", what)
		}
	}
}

var formName = regexp.MustCompile(`name="form" value="([^"]+)"`)

// form returns the values of a form of a conversation's page, as it was opened.
func form(page sitetest.Answer, values ...string) url.Values {
	f := url.Values{}
	if found := formName.FindStringSubmatch(page.Body); found != nil {
		f.Set("form", found[1])
	}
	for i := 0; i+1 < len(values); i += 2 {
		f.Set(values[i], values[i+1])
	}
	return f
}

// Without script, and while Slack is away: an agent finds a conversation, reads it and answers. What the customer
// wrote is text and nothing else; a form that is sent twice counts once; what is refused says why, and keeps what was
// typed.
//
func TestInboxPages(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	s.writes("support-mail", channelstest.Event{From: "maria@customer.test", Name: "<b>Maria</b>", Subject: "Lamp <script>alert(1)</script>",
		Text: "<img src=x onerror=alert(1)> Where is it?", HTML: "<p>Where is it?</p>", Files: []channelstest.File{{Name: `<plan>.html`, Type: "text/html", Content: []byte("<script>alert(1)</script>")}}})
	ben := s.Visitor("ben@acme.test")
	list := ben.Get("/inbox?list=unassigned")
	if !list.Has("&lt;b&gt;Maria&lt;/b&gt;") || !list.Has(`href="/inbox/1"`) || list.Has("<b>Maria") || list.Has("<script>alert") {
		t.Errorf("the list:\n%s", list.Body)
	}
	if found := ben.Get("/inbox?words=lamp"); !found.Has(`href="/inbox/1"`) {
		t.Errorf("found nothing:\n%s", found.Body)
	}
	page := ben.Get("/inbox/1")
	if !page.Has("&lt;img src=x onerror=alert(1)&gt; Where is it?") || page.Has("<img src=x") || page.Has("<script>alert") || !page.Has(`href="/files/o.1"`) {
		t.Errorf("the page:\n%s", page.Body)
	}
	file := ben.Get("/inbox/1/files/" + fmt.Sprint(s.count(`SELECT id::int FROM messages`)) + "/0")
	if file.Status != http.StatusOK || !strings.HasPrefix(file.Header.Get("Content-Disposition"), "attachment") || file.Header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("the file: %d %v", file.Status, file.Header)
	}
	for _, wrong := range []struct{ verb, field, text, says string }{
		{"reply", "text", "note: she is angry", "begins like a note"}, {"reply", "text", "!resolve", "begins like a command"}, {"reply", "text", " ", "Say what to send"},
		{"note", "text", "", "Say what to note"}, {"snooze", "other", "one fine day", ""}, {"assign", "to", "", "Choose a colleague"},
	} {
		a := ben.Post("/inbox/1", form(page, "verb", wrong.verb, wrong.field, wrong.text))
		if a.Status != http.StatusUnprocessableEntity || !a.Has(wrong.says) || !a.Has(`aria-invalid="true"`) || wrong.text != " " && !a.Has(wrong.text) {
			t.Errorf("%s %q: %d\n%s", wrong.verb, wrong.text, a.Status, a.Body)
		}
	}
	reply := form(page, "verb", "reply", "text", "It comes on **Monday**.")
	for range 2 {
		if a := ben.Post("/inbox/1", reply); a.Status != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/inbox/1?act=act:") {
			t.Fatalf("the reply: %d to %s\n%s", a.Status, a.Header.Get("Location"), a.Body)
		}
	}
	ben.Post("/inbox/1", form(page, "verb", "note", "text", "She is angry."))
	s.until("it is sent", func() bool { return ben.Get("/inbox/1").Has(`<span class="pill good">Sent</span>`) })
	s.writes("support-mail", channelstest.Event{From: "maria@customer.test", Name: "Maria", References: []string{"in-1"}, Conversation: 1, Text: "Thanks!"})
	stale := ben.Post("/inbox/1", form(page, "verb", "resolve", "seen", "1"))
	if a := ben.Get(stale.Header.Get("Location")); !a.Has("just written again") {
		t.Errorf("resolved unread: %s", a.Body)
	}
	if got := s.provider.Texts(); len(got) != 1 || got[0] != "It comes on **Monday**." {
		t.Errorf("the customer got %q", got)
	}
}

// A message that a customer changed is shown as it says now, with what it said before; the page says that it was changed or deleted.
// What the page shows of it is seen: the conversation can be resolved there.
//
func TestInboxPageShowsEdits(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	maria := channelstest.Event{From: "maria@customer.test", Name: "Maria", Subject: "Lamp", Text: "Send it to Berlin"}
	s.writes("support-mail", maria)
	for event, want := range map[string]string{
		`'{"text": "Send it to <b>Hamburg</b>", "at": "2026-01-02T03:04:05Z", "event": 900000}'`:                  `Changed by the customer`,
		`'{"text": "Send it to <b>Hamburg</b>", "at": "2026-01-02T03:04:05Z", "event": 900000, "deleted": true}'`: `Deleted by the customer`,
	} {
		if _, err := s.Pool.Exec(t.Context(), `UPDATE messages SET revision = `+event); err != nil {
			t.Fatal(err)
		}
		page := s.Visitor("ben@acme.test").Get("/inbox/1")
		for _, part := range []string{want, "Send it to &lt;b&gt;Hamburg", "What it said before", "Send it to Berlin", `name="seen" value="900000"`} {
			if !page.Has(part) {
				t.Errorf("the page lacks %q:\n%s", part, page.Body)
			}
		}
	}
}

// Whoever may not read a conversation sees and does nothing there, on any route, whatever numbers they put in.
//
func TestInboxAccess(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	s.writes("guards-mail", channelstest.Event{From: "vera@customer.test", Name: "Vera", Subject: "Salary", Text: "Secret words", Files: []channelstest.File{{Name: "a.txt", Type: "text/plain", Content: []byte("Secret words")}}})
	s.writes("support-mail", channelstest.Event{From: "kim@customer.test", Name: "Kim", Subject: "Lamp", Text: "Hello"})
	secret, open := s.count(`SELECT id::int FROM messages WHERE conversation_id = 1`), s.count(`SELECT id::int FROM messages WHERE conversation_id = 2`)
	ben, cat := s.Visitor("ben@acme.test"), s.Visitor("cat@acme.test")
	page := ben.Get("/inbox/2")
	if a := cat.Get("/inbox/1"); a.Status != http.StatusOK || !a.Has("Secret words") {
		t.Fatalf("cat, of the team: %d", a.Status)
	}
	stored := s.count(`SELECT count(*) FROM events`)
	for name, a := range map[string]sitetest.Answer{
		"the thread":              ben.Get("/inbox/1"),
		"its changes":             ben.Get("/inbox/live?conversation=1"),
		"its file":                ben.Get(fmt.Sprintf("/inbox/1/files/%d/0", secret)),
		"its file by another":     ben.Get(fmt.Sprintf("/inbox/2/files/%d/0", secret)),
		"an act's result":         ben.Get("/inbox/1?act=act:1:1"),
		"a note":                  ben.Post("/inbox/1", form(page, "verb", "note", "text", "x")),
		"a reply":                 ben.Post("/inbox/1", form(page, "verb", "reply", "text", "x")),
		"taking it":               ben.Post("/inbox/1", form(page, "verb", "take")),
		"a message of another":    ben.Post("/inbox/2", form(page, "verb", "send", "message", fmt.Sprint(secret))),
		"closing, for admins":     ben.Post("/inbox/2", form(page, "verb", "close")),
		"a verb that isn't one":   ben.Post("/inbox/2", form(page, "verb", "movechannel")),
		"a customer's, as ours":   ben.Post("/inbox/2", form(page, "verb", "sendagain", "message", "-1", "delivery", "1")),
		"no form":                 ben.Post("/inbox/2", url.Values{"verb": {"take"}}),
		"no number":               ben.Get("/inbox/x"),
		"a number that is none":   ben.Get("/inbox/99999999999999999999"),
		"a file that isn't there": ben.Get(fmt.Sprintf("/inbox/2/files/%d/-1", open)),
	} {
		if a.Status < 400 || a.Has("Secret words") || a.Has("Salary") {
			t.Errorf("%s: %d\n%s", name, a.Status, a.Body)
		}
	}
	if list := ben.Get("/inbox?list=all"); list.Has("Salary") || !list.Has("Lamp") {
		t.Errorf("ben's list:\n%s", list.Body)
	}
	if _, err := s.Pool.Exec(t.Context(), `UPDATE agents SET active = false WHERE email = 'cat@acme.test'`); err != nil {
		t.Fatal(err)
	}
	if a := cat.Post("/inbox/2", form(page, "verb", "take")); a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/auth/sign-in" {
		t.Errorf("who takes part no more: %d to %s", a.Status, a.Header.Get("Location"))
	}
	if n := s.count(`SELECT count(*) FROM events`) - stored; n != 0 {
		t.Errorf("%d acts were stored", n)
	}
}
