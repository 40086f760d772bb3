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
	facts []channels.Fact
	state []byte
	told  chan channels.Condition
}

// Load implements channels.State.
func (r *rig) Load(context.Context) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state, nil
}

// Save implements channels.State.
func (r *rig) Save(_ context.Context, data []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state = data
	return nil
}

func (r *rig) report(c channels.Condition) {
	select {
	case r.told <- c:
	default: // nobody is interested
	}
}

func config() channels.Config {
	return channels.Config{fieldPage: testPage, fieldToken: testToken, fieldSecret: testSecret, fieldVerify: testVerify}
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{clock: &clock{}, told: make(chan channels.Condition, 10)}
	r.meta = graphfake.New(graphfake.Options{Clock: r.clock.now, AppSecret: testSecret})
	if err := r.meta.Start(""); err != nil {
		t.Fatal(err)
	}
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
	if err := r.meta.Subscribe(t.Context(), testPage, r.url, testVerify); err != nil {
		t.Fatal(err)
	}
	r.customer = r.page.Customer("Ann Lee")
	r.profiles.asked[r.customer.ID()] = r.clock.now() // tests of names have customers of their own
	r.customer.Text("Hello from the past")
	r.take(t)
	return r
}

func (r *rig) accept(_ context.Context, facts ...channels.Fact) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.facts = append(r.facts, facts...)
	r.meta.Poke()
	return nil
}

// take gives what was accepted since the last time, when nothing is under way any more.
func (r *rig) take(t *testing.T) []channels.Fact {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := r.meta.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	facts := r.facts
	r.facts = nil
	return facts
}

// inbound gives what the facts of take mean.
func (r *rig) inbound(t *testing.T) []channels.Inbound {
	t.Helper()
	var all []channels.Inbound
	for _, f := range r.take(t) {
		if f.Quarantine != "" || f.Owner != testPage {
			t.Errorf("fact %+v", f)
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

// one gives the only Inbound of a kind among those of take.
func (r *rig) one(t *testing.T, kind channels.InboundKind) channels.Inbound {
	t.Helper()
	all := r.inbound(t)
	var found []channels.Inbound
	for _, in := range all {
		if in.Kind == kind {
			found = append(found, in)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d of kind %s among %+v", len(found), kind, all)
	}
	return found[0]
}

// out makes a message to the customer, who wrote just now.
func (r *rig) out(id int64, text string) channels.Outbound {
	return channels.Outbound{
		DeliveryID:     id,
		MessageID:      id + 1000,
		ConversationID: 7,
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

func (r *rig) fault(t *testing.T, f graphfake.Fault) string {
	t.Helper()
	id, err := r.meta.AddFault(f)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// texts gives the texts that the customer got.
func (r *rig) texts() []string {
	var got []string
	for _, m := range r.customer.Inbox() {
		if m.Text != "" {
			got = append(got, m.Text)
		}
	}
	return got
}

func failures() (list []channelstest.Failure) {
	add := func(name string, class channels.Class, effect bool, outcome channels.Outcome) {
		list = append(list, channelstest.Failure{Name: name, Class: class, Effect: effect, Outcome: outcome})
	}
	add("dropped before", channels.Ambiguous, false, channels.Absent)
	add("dropped after", channels.Ambiguous, true, channels.Landed)
	add("gateway before", channels.Ambiguous, false, channels.Absent)
	add("gateway after", channels.Ambiguous, true, channels.Landed)
	add("truncated", channels.Ambiguous, true, channels.Landed)
	add("throttled", channels.Throttled, false, channels.Absent)
	add("gateway throttles", channels.Throttled, false, channels.Absent)
	add("passing", channels.Retry, false, channels.Absent)
	add("revoked", channels.AuthBroken, false, channels.Absent)
	add("restricted", channels.AccountBlocked, false, channels.Absent)
	add("blocked", channels.BadRecipient, false, channels.Absent)
	return list
}

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
					r.take(t)
					for _, text := range texts {
						r.customer.Text(text)
					}
					return r.take(t)
				},
				Again:    func(t *testing.T) []channels.Fact { r.customer.Again(); return r.take(t) },
				Outbound: r.out,
				Got:      func(*testing.T) []string { return r.texts() },
				Hang: func(t *testing.T) {
					r.fault(t, graphfake.Fault{Route: "messenger.*", Action: graphfake.ActionDelay, Times: graphfake.Forever})
					t.Cleanup(r.meta.ClearFaults)
				},
				Fail:        func(t *testing.T, name string) { r.fault(t, faultOf(name)) },
				CloseWindow: func(*testing.T) { r.clock.move(humanWindow + time.Hour) },
				Answered: func(*testing.T) (ids []string) {
					for _, m := range r.customer.Inbox() {
						ids = append(ids, m.ReplyTo)
					}
					return ids
				},
				WriteFile: func(t *testing.T, content []byte) []channels.Fact {
					r.customer.Media("image", "picture.jpg", "image/jpeg", content)
					return r.take(t)
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

// sendError gives an error as what it must be.
func sendError(t *testing.T, err error) *channels.SendError {
	t.Helper()
	var se *channels.SendError
	if !errors.As(err, &se) {
		t.Fatalf("%v is no *SendError", err)
	}
	return se
}
