package twilio

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
	"parley/channels/wamark"
)

const (
	testAccount = "AC00000000000000000000000000000001"
	testToken   = "0123456789abcdef0123456789abcdef"
	waNumber    = "+15550100"
	smsNumber   = "+15550101"
	annPhone    = "+15550123"
	patience    = 2 * time.Minute
)

// world is one account at a Twilio of its own, with the phone of one customer.
type world struct {
	t       *testing.T
	fake    *twiliofake.Server
	channel channels.Channel
	base    *Channel
	ann     *twiliofake.Phone
	number  string // ours, as Twilio writes it
	clock   *clock

	mu         sync.Mutex
	facts      []channels.Fact
	refuse     error
	conditions []channels.Condition
	state      []byte
}

// clock is a clock that tests move.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *clock) move(d time.Duration) { c.ahead.Add(int64(d)) }

// Load implements channels.State.
func (w *world) Load(context.Context) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state, nil
}

// Save implements channels.State.
func (w *world) Save(_ context.Context, b []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state = slices.Clone(b)
	return nil
}

// newWorld makes a world. change may alter the settings; quick polls are the default.
func newWorld(t *testing.T, whatsapp bool, change ...func(*twiliofake.Options, channels.Config)) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{}}
	o := twiliofake.Options{AccountSID: testAccount, AuthToken: testToken, Now: w.clock.now, Numbers: []twiliofake.Number{
		{Address: waPrefix + waNumber}, {Address: smsNumber, MMS: true}}}
	config := channels.Config{fieldAccount: testAccount, fieldToken: testToken, fieldFrom: smsNumber}
	quick := Options{Poll: 20 * time.Millisecond, Settle: time.Nanosecond, Watch: 20 * time.Millisecond}
	spec, customer := SMSSpec(quick), annPhone
	if w.number = smsNumber; whatsapp {
		config[fieldFrom], w.number, customer = waNumber, waPrefix+waNumber, waPrefix+annPhone
		spec = WhatsAppSpec(quick)
	}
	for _, f := range change {
		f(&o, config)
	}
	var err error
	if w.fake, err = twiliofake.Start(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.fake.Close)
	var handler http.Handler
	hook := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { handler.ServeHTTP(rw, r) }))
	t.Cleanup(hook.Close)
	env := channels.Env{Accept: w.accept, State: w, Now: w.clock.now, Keys: [][]byte{[]byte("key one"), []byte("key two")},
		APIURL: w.fake.URL(), HookURL: hook.URL + "/hooks/acme", Report: func(c channels.Condition) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.conditions = append(w.conditions, c)
		}}
	if w.channel, err = spec.New(channels.Account{ID: 7, Name: "acme", Config: config}, env); err != nil {
		t.Fatal(err)
	}
	handler = w.channel.(http.Handler)
	switch c := w.channel.(type) {
	case *WhatsApp:
		w.base = c.Channel
	case *SMS:
		w.base = c.Channel
	}
	w.base.api.mediaWaits = make([]time.Duration, len(mediaWaits())) // tests don't wait
	w.fake.SetWebhook(w.number, env.HookURL+retryOverrides)
	w.ann = w.fake.Phone(customer, w.number, "Ann Lee")
	return w
}

func (w *world) accept(_ context.Context, facts ...channels.Fact) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse != nil {
		return w.refuse
	}
	w.facts = append(w.facts, facts...)
	return nil
}

// accepted gives what was accepted, twice what came twice.
func (w *world) accepted() []channels.Fact {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.facts)
}

// distinct gives what the journal would hold.
func (w *world) distinct() []channels.Fact {
	seen := map[string]bool{}
	var out []channels.Fact
	for _, f := range w.accepted() {
		if !seen[f.ExternalID] {
			seen[f.ExternalID] = true
			out = append(out, f)
		}
	}
	return out
}

// decoded gives what the distinct facts of a kind say.
func (w *world) decoded(kind channels.InboundKind) []channels.Inbound {
	w.t.Helper()
	var out []channels.Inbound
	for _, f := range w.distinct() {
		list, err := w.channel.Decode(f.Payload)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, in := range list {
			if in.Kind == kind {
				out = append(out, in)
			}
		}
	}
	return out
}

// wait waits for a condition with a deadline; it looks often.
func (w *world) wait(what string, done func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	for tick := time.NewTicker(5 * time.Millisecond); !done(); {
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.t.Fatalf("waited in vain: %s", what)
		}
	}
}

// run keeps the channel's Run at work until the test ends.
func (w *world) run() {
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- w.channel.(channels.Runner).Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	})
}

// write lets Ann write and gives her message's id.
func (w *world) write(text string) string {
	w.t.Helper()
	sid, err := w.ann.Send(twiliofake.Message{Text: text})
	if err != nil {
		w.t.Fatal(err)
	}
	return sid
}

// outbound makes a message to Ann.
func (w *world) outbound(id int64, text string) channels.Outbound {
	return channels.Outbound{
		DeliveryID:     id,
		ConversationID: 1,
		MessageID:      id,
		Attempt:        channels.Attempt{Number: 1},
		To:             []channels.Party{{Key: annPhone}},
		Text:           text,
	}
}

func (w *world) send(o channels.Outbound) (channels.Receipt, error) {
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	return w.channel.Send(ctx, o)
}

func (w *world) sent(o channels.Outbound) channels.Receipt {
	w.t.Helper()
	r, err := w.send(o)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// settled waits until Twilio is done with everything that was sent.
func (w *world) settled() {
	w.t.Helper()
	w.wait("Twilio is done", func() bool {
		return !slices.ContainsFunc(w.fake.Messages(), func(m twiliofake.Stored) bool { return m.Status == "queued" || m.Status == "sent" })
	})
}

func classOf(t *testing.T, err error) *channels.SendError {
	t.Helper()
	var se *channels.SendError
	if !errors.As(err, &se) || se.Text == "" {
		t.Fatalf("%v is no *SendError with words", err)
	}
	return se
}

// quiet checks that no callback was answered with something for the customer.
func (w *world) quiet() {
	w.t.Helper()
	if a := w.fake.Answers(); len(a) > 0 {
		w.t.Errorf("callbacks answered %q, which went to customers", a)
	}
}

// escaped is a text as the engine hands it over.
func escaped(text string) string { return wamark.Escape(text) }

func nonEmpty(list []string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return strings.TrimSpace(s) == "" })
}
