package meta

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/graphfake"
	"parley/channels/markdown"
)

const (
	testPage   = "3077" // Facebook's id of our Page
	testToken  = "PAGE-T0KEN"
	testSecret = "app-secret"
	testVerify = "verify-me"

	testConversation = 7 // of all messages of outbound
)

// pageClock is a clock that tests move.
type pageClock struct{ ahead atomic.Int64 }

func (c *pageClock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *pageClock) move(d time.Duration) { c.ahead.Add(int64(d)) }

// rig is the set-up of most tests of this package: a channel on a Page at Meta's emulator, a web server for webhooks, and
// one customer, Ann, who has written. It also replaces the engine: it stores what the channel accepts, reports and saves
// (channels.State).
type rig struct {
	*Page
	clock    *pageClock
	meta     *graphfake.Server
	page     *graphfake.Page
	customer *graphfake.PageCustomer
	url      string // of the webhook

	mu    sync.Mutex
	facts []channels.Fact // accepted since the last takeFacts
	state []byte

	conditions chan channels.Condition // reported by the channel, and dropped if there are too many
}

// Load implements channels.State.
func (r *rig) Load(context.Context) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state, nil
}

// Save implements channels.State.
func (r *rig) Save(_ context.Context, _, data []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state = data
	return nil
}

// report is channels.Env.Report.
func (r *rig) report(c channels.Condition) {
	select {
	case r.conditions <- c:
	default:
	}
}

// config are the settings of the channel.
func config() channels.Config {
	return channels.Config{fieldPage: testPage, fieldToken: testToken, fieldSecret: testSecret, fieldVerify: testVerify}
}

// newRig starts a rig, which ends with the test.
func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{clock: &pageClock{}, conditions: make(chan channels.Condition, 10)}
	r.meta = graphfake.New(graphfake.Options{Clock: r.clock.now, AppSecret: testSecret})
	noError(t, r.meta.Start(""))
	r.page = r.meta.AddPage(graphfake.PageConfig{ID: testPage, Name: "Acme", HumanAgent: true})
	r.meta.AllowToken(testToken, testPage)

	r.startChannel(t)
	noError(t, r.meta.Subscribe(t.Context(), testPage, r.url, testVerify))

	r.customer = r.page.Customer("Ann Lee")
	r.profiles.asked[r.customer.ID()] = r.clock.now() // so that the channel doesn't ask for her name
	r.clock.move(-time.Minute)
	r.customer.Text("Hello from the past")
	r.takeFacts(t)
	r.clock.move(time.Minute)
	return r
}

// startChannel makes the channel, and the web server for its webhooks.
func (r *rig) startChannel(t *testing.T) {
	t.Helper()
	c, err := newPage(channels.Account{Config: config()}, channels.Env{
		APIURL:  r.meta.URL(),
		Now:     r.clock.now,
		Log:     slog.New(slog.DiscardHandler),
		Keys:    [][]byte{[]byte("key of the tests")},
		Accept:  r.accept,
		State:   r,
		Report:  r.report,
		HookURL: "https://help.acme.test/hooks/page", // until the server's address is known
	})
	noError(t, err)
	r.Page = c
	c.fetchWaits = make([]time.Duration, len(fetchWaits())) // tests don't wait for files

	// A test may wait (waitFor) for work that the channel does after a webhook. Its end wakes the test.
	later := c.hook.Later
	c.hook.Later = func() func(context.Context) {
		do := later()
		if do == nil {
			return nil
		}
		return func(ctx context.Context) {
			do(ctx)
			r.meta.Poke()
		}
	}

	server := httptest.NewServer(c)
	r.url = server.URL + "/hooks/page"
	c.env.HookURL = r.url
	t.Cleanup(func() {
		if err := r.meta.Close(); err != nil {
			t.Error(err)
		}
		server.Close()
	})
}

// accept is channels.Env.Accept.
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
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	noError(t, r.meta.Settle(ctx))
	r.mu.Lock()
	defer r.mu.Unlock()
	facts := r.facts
	r.facts = nil
	return facts
}

// takeInbound returns the facts of takeFacts, decoded.
func (r *rig) takeInbound(t *testing.T) []channels.Inbound {
	t.Helper()
	var all []channels.Inbound
	for _, f := range r.takeFacts(t) {
		if f.Quarantine != "" || f.Owner != testPage {
			t.Errorf("got the fact %+v, want one of page %s that isn't in quarantine", f, testPage)
			continue
		}
		list, err := r.Decode(f.Payload)
		noError(t, err)
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
		Text:           markdown.Escape(text),
	}
}

// mustSend sends one part of a message.
func (r *rig) mustSend(t *testing.T, o channels.Outbound) channels.Receipt {
	t.Helper()
	receipt, err := r.Send(t.Context(), o)
	if err != nil {
		t.Fatalf("sending %q: %v", o.Text, err)
	}
	return receipt
}

// mustSendAll sends a message with all its parts.
func (r *rig) mustSendAll(t *testing.T, o channels.Outbound) []channels.Receipt {
	t.Helper()
	var list []channels.Receipt
	for {
		receipt := r.mustSend(t, o)
		list = append(list, receipt)
		if !receipt.More {
			return list
		}
		o.Attempt.Part++
	}
}

// wantSendFails checks that one part of a message is refused with an error of a class, and returns the error.
func (r *rig) wantSendFails(t *testing.T, o channels.Outbound, want channels.Class) *channels.SendError {
	t.Helper()
	_, err := r.Send(t.Context(), o)
	_ = wantClass(t, "sending", err, want)
	return sendError(t, err)
}

// takeInbox returns what the customer got, which must be want messages.
func (r *rig) takeInbox(t *testing.T, want int) []graphfake.PageMessage {
	t.Helper()
	got := r.customer.Inbox()
	if len(got) != want {
		t.Fatalf("the customer got %d messages, want %d: %+v", len(got), want, got)
	}
	return got
}

// addFault lets Facebook's emulator fail as f says.
func (r *rig) addFault(t *testing.T, f graphfake.Fault) {
	t.Helper()
	if _, err := r.meta.AddFault(f); err != nil {
		t.Fatal(err)
	}
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

// sendError returns err as the *SendError that it must be.
func sendError(t *testing.T, err error) *channels.SendError {
	t.Helper()
	var se *channels.SendError
	if !errors.As(err, &se) {
		t.Fatalf("got the error %v, want a *SendError", err)
	}
	return se
}
