package messenger

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/channelstest"
	"parley/channels/graphfake"
	"parley/channels/wamark"
)

const (
	testPage   = "3077"
	testToken  = "PAGE-T0KEN"
	testSecret = "app-secret"
	testVerify = "verify-me"

	testConversation = 7 // of all messages of outbound
)

// clock is a clock that tests move.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *clock) move(d time.Duration) { c.ahead.Add(int64(d)) }

// rig is a channel connected to an emulated Page with one customer, who has written.
type rig struct {
	*Channel
	clock    *clock
	meta     *graphfake.Server
	page     *graphfake.Page
	customer *graphfake.PageCustomer
	url      string // of the webhook

	mu    sync.Mutex
	facts []channels.Fact // accepted since the last takeFacts
	state []byte

	conditions chan channels.Condition // that the channel reported
}

// Load and Save make the rig the channel's state.
func (r *rig) Load(context.Context) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state, nil
}

func (r *rig) Save(_ context.Context, data []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state = data
	return nil
}

func (r *rig) report(c channels.Condition) {
	select {
	case r.conditions <- c:
	default: // nobody is interested
	}
}

func config() channels.Config {
	return channels.Config{fieldPage: testPage, fieldToken: testToken, fieldSecret: testSecret, fieldVerify: testVerify}
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{clock: &clock{}, conditions: make(chan channels.Condition, 10)}
	r.meta = graphfake.New(graphfake.Options{Clock: r.clock.now, AppSecret: testSecret})
	noError(t, r.meta.Start(""))
	r.page = r.meta.AddPage(graphfake.PageConfig{ID: testPage, Name: "Acme", HumanAgent: true})
	r.meta.AllowToken(testToken, testPage)
	c, err := newChannel(channels.Account{Config: config()}, channels.Env{APIURL: r.meta.URL(), Now: r.clock.now, Log: slog.New(slog.DiscardHandler),
		Keys: [][]byte{[]byte("key of the tests")}, Accept: r.accept, State: r, Report: r.report, HookURL: "https://help.acme.test/hooks/page"})
	if err != nil {
		t.Fatal(err)
	}
	r.Channel = c
	c.fetchWaits = make([]time.Duration, len(fetchWaits())) // tests don't wait
	later := c.hook.Later
	c.hook.Later = func() func(context.Context) {
		do := later()
		if do == nil {
			return nil
		}
		return func(ctx context.Context) { do(ctx); r.meta.Poke() }
	}
	hook := httptest.NewServer(c)
	r.url = hook.URL + "/hooks/page"
	c.env.HookURL = r.url
	t.Cleanup(func() {
		if err := r.meta.Close(); err != nil {
			t.Error(err)
		}
		hook.Close()
	})
	noError(t, r.meta.Subscribe(t.Context(), testPage, r.url, testVerify))
	r.customer = r.page.Customer("Ann Lee")
	r.profiles.asked[r.customer.ID()] = r.clock.now() // tests of names have customers of their own
	r.customer.Text("Hello from the past")
	r.takeFacts(t)
	return r
}

func (r *rig) accept(_ context.Context, facts ...channels.Fact) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.facts = append(r.facts, facts...)
	r.meta.Poke()
	return nil
}

// takeFacts waits until no webhook is under way, and returns the facts that were accepted since it was called last.
func (r *rig) takeFacts(t *testing.T) []channels.Fact {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	noError(t, r.meta.Settle(ctx))
	r.mu.Lock()
	defer r.mu.Unlock()
	facts := r.facts
	r.facts = nil
	return facts
}

// takeInbound returns what the facts of takeFacts mean.
func (r *rig) takeInbound(t *testing.T) []channels.Inbound {
	t.Helper()
	var all []channels.Inbound
	for _, f := range r.takeFacts(t) {
		if f.Quarantine != "" || f.Owner != testPage {
			t.Errorf("got the fact %+v, want one of page %s that isn't in quarantine", f, testPage)
			continue
		}
		list, err := r.Decode(f.Payload)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, list...)
	}
	return all
}

// takeOne returns the only Inbound of a kind among those of takeInbound.
func (r *rig) takeOne(t *testing.T, kind channels.InboundKind) channels.Inbound {
	t.Helper()
	all := r.takeInbound(t)
	var found []channels.Inbound
	for _, in := range all {
		if in.Kind == kind {
			found = append(found, in)
		}
	}
	if len(found) != 1 {
		t.Fatalf("got %d of kind %s, want 1, among %+v", len(found), kind, all)
	}
	return found[0]
}

// messageID is the MessageID of the message whose DeliveryID is id, as outbound numbers them.
func messageID(id int64) int64 { return id + 1000 }

// outbound makes a message to the customer, who wrote just now.
func (r *rig) outbound(id int64, text string) channels.Outbound {
	return channels.Outbound{
		DeliveryID:     id,
		MessageID:      messageID(id),
		ConversationID: testConversation,
		Attempt:        channels.Attempt{Number: 1},
		LastIn:         r.clock.now(),
		To:             []channels.Party{{Key: r.customer.ID()}},
		Text:           wamark.Escape(text),
	}
}

// sendAll sends a message with all its parts.
func (r *rig) sendAll(ctx context.Context, o channels.Outbound) ([]channels.Receipt, error) {
	var list []channels.Receipt
	for {
		receipt, err := r.Send(ctx, o)
		if err != nil {
			return list, err
		}
		list = append(list, receipt)
		if !receipt.More {
			return list, nil
		}
		o.Attempt.Part++
	}
}

func (r *rig) addFault(t *testing.T, f graphfake.Fault) string {
	t.Helper()
	id, err := r.meta.AddFault(f)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// customerTexts returns the texts that the customer got.
func (r *rig) customerTexts() []string {
	var got []string
	for _, m := range r.customer.Inbox() {
		if m.Text != "" {
			got = append(got, m.Text)
		}
	}
	return got
}

func failures() []channelstest.Failure {
	return []channelstest.Failure{
		{Name: "dropped before", Class: channels.Ambiguous, Outcome: channels.Absent},
		{Name: "dropped after", Class: channels.Ambiguous, Effect: true, Outcome: channels.Landed},
		{Name: "gateway before", Class: channels.Ambiguous, Outcome: channels.Absent},
		{Name: "gateway after", Class: channels.Ambiguous, Effect: true, Outcome: channels.Landed},
		{Name: "truncated", Class: channels.Ambiguous, Effect: true, Outcome: channels.Landed},
		{Name: "throttled", Class: channels.Throttled, Outcome: channels.Absent},
		{Name: "gateway throttles", Class: channels.Throttled, Outcome: channels.Absent},
		{Name: "passing", Class: channels.Retry, Outcome: channels.Absent},
		{Name: "revoked", Class: channels.AuthBroken, Outcome: channels.Absent},
		{Name: "restricted", Class: channels.AccountBlocked, Outcome: channels.Absent},
		{Name: "blocked", Class: channels.BadRecipient, Outcome: channels.Absent},
	}
}

// faultOf returns how Facebook brings about the failure of that name.
func faultOf(name string) graphfake.Fault {
	const route = "messenger.messages"
	return map[string]graphfake.Fault{
		"dropped before":    {Route: route, Action: graphfake.ActionDropBefore},
		"dropped after":     {Route: route, Action: graphfake.ActionDropAfter},
		"gateway before":    {Route: route, Action: graphfake.ActionStatus, Status: 502},
		"gateway after":     {Route: route, Action: graphfake.ActionStatusAfter, Status: 504},
		"truncated":         {Route: route, Action: graphfake.ActionTruncate},
		"throttled":         {Route: route, Action: graphfake.ActionError, Code: 613, RetryAfter: 7 * time.Second},
		"gateway throttles": {Route: route, Action: graphfake.ActionStatus, Status: 429},
		"passing":           {Route: route, Action: graphfake.ActionError, Code: 2, Status: 500},
		"revoked":           {Route: route, Action: graphfake.ActionError, Code: 190, Status: 401},
		"restricted":        {Route: route, Action: graphfake.ActionError, Code: 10, Subcode: 1893063},
		"blocked":           {Route: route, Action: graphfake.ActionError, Code: 551, Subcode: 1545041},
	}[name]
}

func TestExerciseChannel(t *testing.T) {
	t.Parallel()
	channelstest.ExerciseChannel(t, channelstest.Harness{
		Failures: failures(),
		Refused: map[string]func(channels.Outbound) channels.Outbound{
			"too long":     func(o channels.Outbound) channels.Outbound { o.Text = strings.Repeat("x", maxText+1); return o },
			"empty":        func(o channels.Outbound) channels.Outbound { o.Text = ""; return o },
			"to nobody":    func(o channels.Outbound) channels.Outbound { o.To = nil; return o },
			"to a phone":   func(o channels.Outbound) channels.Outbound { o.To[0].Key = "+15550100"; return o },
			"to strangers": func(o channels.Outbound) channels.Outbound { o.To[0].Key = "424242"; return o },
			"never wrote":  func(o channels.Outbound) channels.Outbound { o.LastIn = time.Time{}; return o },
			"eighth day":   func(o channels.Outbound) channels.Outbound { o.LastIn = o.LastIn.Add(-humanWindow); return o },
			"template": func(o channels.Outbound) channels.Outbound {
				o.Template = &channels.TemplateUse{}
				return o
			},
			"too many buttons": func(o channels.Outbound) channels.Outbound {
				o.Rich = &channels.Rich{}
				for range maxQuickReplies + 1 {
					o.Rich.Buttons = append(o.Rich.Buttons, channels.Button{ID: "1", Title: "One"})
				}
				return o
			},
		},
		New: func(t *testing.T) channelstest.Stage {
			r := newRig(t)
			return channelstest.Stage{Channel: r.Channel,
				Write: func(t *testing.T, texts ...string) []channels.Fact {
					r.takeFacts(t)
					for _, text := range texts {
						r.customer.Text(text)
					}
					return r.takeFacts(t)
				},
				Again:    func(t *testing.T) []channels.Fact { r.customer.Again(); return r.takeFacts(t) },
				Outbound: r.outbound,
				Got:      func(*testing.T) []string { return r.customerTexts() },
				Hang: func(t *testing.T) {
					r.addFault(t, graphfake.Fault{Route: "messenger.*", Action: graphfake.ActionDelay, Times: graphfake.Forever})
					t.Cleanup(r.meta.ClearFaults)
				},
				Fail:        func(t *testing.T, name string) { r.addFault(t, faultOf(name)) },
				CloseWindow: func(*testing.T) { r.clock.move(humanWindow + time.Hour) },
				Answered: func(*testing.T) (ids []string) {
					for _, m := range r.customer.Inbox() {
						ids = append(ids, m.ReplyTo)
					}
					return ids
				},
				WriteFile: func(t *testing.T, content []byte) []channels.Fact {
					r.customer.Media("image", "picture.jpg", "image/jpeg", content)
					return r.takeFacts(t)
				},
				ForgetFiles: func(*testing.T) { r.clock.move(25 * time.Hour) }, // longer than their addresses work
				Attended: func(*testing.T) (ids []string) {
					seen := r.customer.Seen()
					for _, m := range r.customer.Conversation() {
						if !m.FromPage && !m.At.After(seen) {
							ids = append(ids, m.ID)
						}
					}
					return ids
				},
			}
		},
	})
}

// sendError returns err as the *SendError that it must be.
func sendError(t *testing.T, err error) *channels.SendError {
	t.Helper()
	var se *channels.SendError
	if !errors.As(err, &se) {
		t.Fatalf("got the error %v, want a *SendError", err)
	}
	return se
}

// wantClass checks that what was tried failed, and with an error of this class.
func wantClass(t *testing.T, tried string, err error, want channels.Class) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: succeeded, want an error of class %s", tried, want)
	} else if got := channels.ClassOf(err); got != want {
		t.Errorf("%s: got an error of class %s, want %s: %v", tried, got, want, err)
	}
}

// noError ends the test if something failed.
func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantEqual checks one value, which what names.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}
