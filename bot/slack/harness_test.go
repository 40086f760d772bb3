package slack

import (
	"context"
	"sync"
	"testing"
	"time"

	"parley/bot/slack/slackfake"
	"parley/bot/view/viewtest"
	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
)

// patience is how long a test waits for something that must happen.
const patience = 2 * time.Minute

// desk is an engine that only remembers, and says what a test tells it to.
type desk struct {
	*bridgetest.Desk

	mu       sync.Mutex
	facts    func(at bridge.Place, id bridge.ConversationID, user string) (bridge.Facts, error)
	stock    bridge.Templates
	people   []bridge.AgentRef
	accounts []bridge.AccountRef
	mayStart func(bridge.Start) (bridge.Facts, error)
	said     []bridge.Said
	slow     chan struct{} // FactsAt waits for it
}

func newDesk() *desk { return &desk{Desk: bridgetest.NewDesk()} }

func (d *desk) find(ctx context.Context, at bridge.Place, id bridge.ConversationID, user string) (bridge.Facts, error) {
	d.mu.Lock()
	slow, f := d.slow, d.facts
	d.mu.Unlock()
	if slow != nil {
		select {
		case <-slow:
		case <-ctx.Done():
			return bridge.Facts{}, ctx.Err()
		}
	}
	if f == nil {
		return bridge.Facts{}, bridge.ErrNoConversation
	}
	return f(at, id, user)
}

func (d *desk) FactsAt(ctx context.Context, at bridge.Place, user string) (bridge.Facts, error) {
	return d.find(ctx, at, 0, user)
}

func (d *desk) Facts(ctx context.Context, id bridge.ConversationID, user string) (bridge.Facts, error) {
	return d.find(ctx, bridge.Place{}, id, user)
}

func (d *desk) List(_ context.Context, q bridge.ListQuery, _ string) (bridge.Listing, error) {
	return bridge.Listing{ListQuery: q, Rows: []bridge.Facts{sampleFacts()}, More: true}, nil
}

func (d *desk) History(context.Context, bridge.ConversationID, int, string) (bridge.History, error) {
	return bridge.History{Rows: []bridge.LogRow{{At: when(), Actor: "Ann", What: "assigned", Detail: "to Ben"}}}, nil
}

func (d *desk) People(context.Context) ([]bridge.AgentRef, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.people, nil
}

func (d *desk) Accounts(context.Context, string) ([]bridge.AccountRef, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.accounts, nil
}

func (d *desk) MayStart(_ context.Context, _ string, s bridge.Start) (bridge.Facts, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.mayStart == nil {
		return bridge.Facts{}, nil
	}
	return d.mayStart(s)
}

func (d *desk) Count(account, text string) (bridge.Count, bool) {
	return bridge.Count{Parts: 1 + len(text)/160, Left: 160 - len(text)%160, Encoding: "GSM-7"}, account == "shop-sms"
}

func (d *desk) Suggested(context.Context, bridge.ConversationID, bridge.EventID, string) ([]bridge.SuggestedReply, error) {
	return nil, nil
}

func (d *desk) WordsAt(context.Context, bridge.Place, string) (string, error) { return "", nil }

func (d *desk) SaidAt(context.Context, bridge.Place, string) ([]bridge.Said, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.said, nil
}

func (d *desk) Teams(context.Context) ([]string, error) { return []string{"Support"}, nil }
func (d *desk) TagNames(context.Context) ([]bridge.Tag, error) {
	return []bridge.Tag{{Name: "vip", Color: "#dd2e44"}}, nil
}

func (d *desk) Templates(context.Context, bridge.TemplatesFor, string) (bridge.Templates, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stock, nil
}

func when() time.Time { return viewtest.When() }

// samples are what surfaces show, here in Slack's ids.
func samples() viewtest.Samples { return viewtest.InSlack() }

func sampleFacts() bridge.Facts { return samples().Facts() }

// stage is a workspace with our surface in it.
type stage struct {
	t    *testing.T
	fake *slackfake.Server
	desk *desk
	s    *Surface
	ann  string
	ch   string
	stop func()
}

// newStage starts a workspace; run says whether the surface connects.
func newStage(t *testing.T, run bool, change ...func(*Options, *slackfake.Options)) *stage {
	t.Helper()
	fo := slackfake.Options{TriggerLife: time.Minute, AckTimeout: time.Minute} // a slow machine is no late answer
	d := newDesk()
	opt := Options{Rate: 1, Desk: d, Connections: 1, ShareWait: 6 * time.Second}
	for _, c := range change {
		c(&opt, &fo)
	}
	f := slackfake.New(fo)
	if err := f.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	ann := f.Admin.AddUser(slackfake.User{ID: "U0ANN", Name: "ann", RealName: "Ann Lee", Email: "ann@acme.test"})
	ch := f.Admin.AddChannel(slackfake.Channel{ID: "C0SUPPORT", Name: "support", Members: []string{ann.ID, f.BotUserID()}})
	opt.BotToken, opt.APIURL = f.BotToken(), f.APIURL()
	if opt.SigningSecret == "" {
		opt.AppToken = f.AppToken()
	}
	s, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	s.directory.colleagues.timeout = patience
	st := &stage{t: t, fake: f, desk: d, s: s, ann: ann.ID, ch: ch.ID, stop: func() {}}
	d.Open(ch.ID)
	if run {
		st.run()
	}
	return st
}

// run connects the surface and waits until it is caught up.
func (st *stage) run() {
	st.t.Helper()
	before := st.desk.Fills()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- st.s.Run(ctx) }()
	var once sync.Once
	st.stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				st.t.Errorf("Run: %v", err)
			}
		})
	}
	st.t.Cleanup(st.stop)
	st.desk.Connected(st.t, before+1)
}

func (st *stage) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	st.t.Cleanup(cancel)
	return ctx
}

// root posts a card as our own and tells its place.
func (st *stage) root() bridge.Place {
	st.t.Helper()
	sent, err := st.s.Send(st.ctx(), bridge.Post{Kind: bridge.PostRoot, Token: "root", Attempt: 1, Place: bridge.Place{Channel: st.ch}, Facts: sampleFacts()})
	if err != nil {
		st.t.Fatal(err)
	}
	return bridge.Place{Channel: st.ch, Thread: sent.Thread, Message: sent.Message}
}

func (st *stage) say(thread, text string) string {
	st.t.Helper()
	ts, err := st.fake.As(st.ann).Post(slackfake.Post{Channel: st.ch, Thread: thread, Text: text})
	if err != nil {
		st.t.Fatal(err)
	}
	return ts
}

func (st *stage) decode(f channels.Fact) bridge.Action {
	st.t.Helper()
	as, err := st.s.Decode(f.Payload)
	if err != nil || len(as) != 1 {
		st.t.Fatalf("decode %s: %v, %d actions", f.ExternalID, err, len(as))
	}
	return as[0]
}
