package slack

import (
	"context"
	"strings"
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

// stage is a workspace with our surface in it, with Ann and a channel in which both are.
type stage struct {
	t       *testing.T
	fake    *slackfake.Server
	desk    *desk
	surface *Surface
	ann     string // her id
	channel string // its id
	stop    func() // ends the surface, if it is connected
}

// newConnectedStage starts a workspace and connects the surface.
func newConnectedStage(t *testing.T, change ...func(*Options, *slackfake.Options)) *stage {
	t.Helper()
	st := newStage(t, change...)
	st.connect()
	return st
}

// newStage starts a workspace. The surface can call it, and isn't connected.
func newStage(t *testing.T, change ...func(*Options, *slackfake.Options)) *stage {
	t.Helper()
	fo := slackfake.Options{TriggerLife: time.Minute, AckTimeout: time.Minute} // a slow machine is no late answer
	d := newDesk()
	opt := Options{Rate: 1, Desk: d, Connections: 1, ShareWait: 6 * time.Second}
	for _, c := range change {
		c(&opt, &fo)
	}
	f := slackfake.New(fo)
	must(t, f.Start("127.0.0.1:0"))
	t.Cleanup(func() { _ = f.Close() })
	ann := f.Admin.AddUser(slackfake.User{ID: "U0ANN", Name: "ann", RealName: "Ann Lee", Email: "ann@acme.test"})
	ch := f.Admin.AddChannel(slackfake.Channel{ID: "C0SUPPORT", Name: "support", Members: []string{ann.ID, f.BotUserID()}})
	opt.BotToken, opt.APIURL = f.BotToken(), f.APIURL()
	if opt.SigningSecret == "" {
		opt.AppToken = f.AppToken()
	}
	s, err := New(opt)
	must(t, err)
	s.directory.colleagues.timeout, s.directory.channelNames.timeout = patience, patience
	d.Open(ch.ID)
	return &stage{t: t, fake: f, desk: d, surface: s, ann: ann.ID, channel: ch.ID, stop: func() {}}
}

// connect connects the surface and waits until it is caught up.
func (st *stage) connect() {
	st.t.Helper()
	before := st.desk.Fills()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- st.surface.Run(ctx) }()
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

// postRoot posts a card as our own and returns its place.
func (st *stage) postRoot() bridge.Place {
	st.t.Helper()
	sent := st.mustSend(bridge.Post{Kind: bridge.PostRoot, Token: "root", Attempt: 1, Place: bridge.Place{Channel: st.channel}, Facts: sampleFacts()})
	return bridge.Place{Channel: st.channel, Thread: sent.Thread, Message: sent.Message}
}

// postAsAnn posts a text in a thread, or at top level if thread is "". It returns the message's stamp.
func (st *stage) postAsAnn(thread, text string) (ts string) {
	st.t.Helper()
	ts, err := st.fake.As(st.ann).Post(slackfake.Post{Channel: st.channel, Thread: thread, Text: text})
	must(st.t, err)
	return ts
}

// mustDecode decodes a fact that is one action.
func (st *stage) mustDecode(f channels.Fact) bridge.Action {
	st.t.Helper()
	as, err := st.surface.Decode(f.Payload)
	if err != nil || len(as) != 1 {
		st.t.Fatalf("%s is decoded as %d actions, %v, want one", f.ExternalID, len(as), err)
	}
	return as[0]
}

// waitAction waits for the first fact whose id begins so, and decodes it.
func (st *stage) waitAction(id string) bridge.Action {
	st.t.Helper()
	return st.mustDecode(st.desk.First(st.t, id))
}

// waitAcknowledged waits until Slack knows that all has arrived. What it has to bring again opens a gap.
func (st *stage) waitAcknowledged() {
	st.t.Helper()
	must(st.t, st.fake.WaitFor(st.ctx(), func() bool { return st.fake.Events.Pending() == 0 }))
}

// waitInThread waits until Slack has so many messages in a thread, with its root.
func (st *stage) waitInThread(root bridge.Place, messages int) {
	st.t.Helper()
	must(st.t, st.fake.WaitFor(st.ctx(), func() bool { return len(st.fake.Thread(st.channel, root.Message)) >= messages }))
}

// wantFacts checks how many facts are stored whose ids begin so.
func (st *stage) wantFacts(id string, want int) {
	st.t.Helper()
	if got := st.desk.Number(id); got != want {
		st.t.Errorf("got %d facts %s…, want %d; all: %v", got, id, want, st.desk.IDs())
	}
}

// wantMessage checks that a message stands in a thread, with so many files, and returns it.
func (st *stage) wantMessage(ts, thread string, files int) *slackfake.Message {
	st.t.Helper()
	m := st.fake.Message(st.channel, ts)
	if m == nil {
		st.t.Fatalf("there is no message %q", ts)
	}
	wantEqual(st.t, "thread of the message", m.ThreadTS, thread)
	wantEqual(st.t, "files of the message", len(m.Files), files)
	return m
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantEqual checks one value. what says whose it is.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %#v, want %#v", what, got, want)
	}
}

// wantWords checks that what is shown contains each of these words.
func wantWords(t *testing.T, shown string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(shown, w) {
			t.Errorf("want %q in:\n%s", w, shown)
		}
	}
}
