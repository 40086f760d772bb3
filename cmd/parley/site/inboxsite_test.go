package site_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/engine"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/cmd/parley/app"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store"
)

// originalPath is where every message's original mail can be opened.
const originalPath = "/files/o.1"

// newEngine makes the engine of an inbox. It does nothing until runEngine.
func newEngine(t *testing.T, o *site.Options) *engine.Engine {
	t.Helper()
	e := must(engine.New(t.Context(), engine.Options{
		Pool:     o.Pool,
		Log:      slog.New(slog.DiscardHandler),
		Specs:    app.Specs(),
		Original: func(store.MessageID) string { return originalPath },
	}))(t)
	return e
}

// withInbox gives a site an inbox, behind which no engine works.
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
  - {name: support-mail, kind: http, team: Support, mode: live, hold: 0s, http: {secret: "shop-tops3cret-key", callback_url: "https://shop.test/a"}}
  - {name: guards-mail, kind: http, team: Guards, mode: live, slack_channel: C0VAULT1, ` +
	`http: {secret: "shop-tops3cret-key", callback_url: "https://shop.test/b"}}
`

// inboxSite is a site with deskCompany, an engine at work behind its inbox, and an emulated provider that brings customers' messages
// and takes replies.
type inboxSite struct {
	*sitetest.Site
	engine   *engine.Engine
	provider *channelstest.Provider
	desk     *scriptedDesk
	stop     func() // stops the engine
	received int    // how many messages of customers came so far
}

// scriptedDesk is the engine's side of the inbox. As long as a test sets result, it answers that when the page asks what became of
// something that an agent did.
type scriptedDesk struct {
	site.Inbox

	result atomic.Pointer[bridge.ActResult]
}

// Act implements site.Inbox. It returns once the act is applied, however slow the machine is: the engine itself waits for two seconds
// only, and the page that a test opens next shows what is so by then.
func (d *scriptedDesk) Act(ctx context.Context, agent bridge.AgentID, a bridge.Act) (string, error) {
	name, err := d.Inbox.Act(ctx, agent, a)
	if err != nil {
		return "", err
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		r, err := d.Inbox.Result(ctx, agent, a.Args.Conversation, name)
		if err != nil || r.State != bridge.ActWaits {
			return name, nil // an agent may have given away what they may not read any more
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return name, nil
		}
	}
}

// Result implements site.Inbox.
func (d *scriptedDesk) Result(
	ctx context.Context, agent bridge.AgentID, conversation bridge.ConversationID, name string,
) (bridge.ActResult, error) {
	if result := d.result.Load(); result != nil {
		return *result, nil
	}
	return d.Inbox.Result(ctx, agent, conversation, name)
}

// startInbox starts a site with an inbox. Its mailboxes can do what mail can; change makes that different.
func startInbox(t *testing.T, change ...func(*channels.Capabilities)) *inboxSite {
	t.Helper()
	s := &inboxSite{provider: channelstest.NewProvider(t)}
	s.Site = sitetest.Start(t, deskCompany, func(o *site.Options) {
		s.engine = newEngine(t, o)
		s.desk = &scriptedDesk{Inbox: s.engine.Inbox()}
		o.Inbox = s.desk
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
	s.stop = runEngine(t, s.engine)
	return s
}

// runEngine lets an engine work until the test ends, or stop is called.
func runEngine(t *testing.T, e *engine.Engine) (stop func()) {
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

// receive lets a message of a customer come to an account, and waits until it is in a conversation. The first message has the id in-1,
// the second in-2.
func (s *inboxSite) receive(account string, e channelstest.Event) {
	s.T.Helper()
	s.received++
	e.Type, e.ID = "message", fmt.Sprintf("in-%d", s.received)
	body := must(json.Marshal(e))(s.T)
	for _, a := range s.engine.Accounts() {
		if a.Name == account {
			check(s.T, s.engine.Accept(s.T.Context(), a.ID, channels.Fact{ExternalID: "message:" + e.ID, OrderKey: e.From, Payload: body}))
		}
	}
	s.waitFor("the message is in a conversation", func() bool {
		return s.count(`SELECT count(*) FROM messages WHERE external_id = $1`, e.ID) == 1
	})
}

// count returns the number that a query yields.
func (s *inboxSite) count(sql string, args ...any) (n int) {
	s.T.Helper()
	if err := s.Pool.QueryRow(s.T.Context(), sql, args...).Scan(&n); err != nil {
		s.T.Fatalf("%s: %v", sql, err)
	}
	return n
}

// waitFor waits until a condition holds, for three minutes at most.
func (s *inboxSite) waitFor(what string, holds func() bool) {
	s.T.Helper()
	end := time.NewTimer(3 * time.Minute)
	defer end.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-end.C:
			s.T.Fatalf("waited in vain: %s", what)
		}
	}
}

var formField = regexp.MustCompile(`name="form" value="([^"]+)"`)

// form returns what the form of a conversation's page sends: the value by which the site knows the form again, and the given values, as
// pairs of name and value.
func form(page sitetest.Answer, values ...string) url.Values {
	f := url.Values{}
	if found := formField.FindStringSubmatch(page.Body); found != nil {
		f.Set("form", found[1])
	}
	for i := 0; i+1 < len(values); i += 2 {
		f.Set(values[i], values[i+1])
	}
	return f
}
