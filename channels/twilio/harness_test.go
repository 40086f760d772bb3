package twilio

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

const (
	testAccount = "AC00000000000000000000000000000001"
	testService = "MG00000000000000000000000000000001" // a messaging service
	testToken   = "0123456789abcdef0123456789abcdef"
	waNumber    = "+15550100" // ours, for WhatsApp
	smsNumber   = "+15550101" // ours, for SMS
	annPhone    = "+12125550123"

	// patience bounds every wait; only a failing test waits so long.
	patience = 2 * time.Minute
)

// medium is the medium by which the customers of a test's account write.
type medium int

const (
	viaSMS medium = iota
	viaWhatsApp
)

func (m medium) String() string {
	if m == viaWhatsApp {
		return "WhatsApp"
	}
	return "SMS"
}

// world is what most tests of this package run in: Twilio's emulator with one account of ours, a channel on its number,
// a web server for callbacks, and the phone of one customer, Ann. It stands for the engine, too: it keeps what the
// channel accepts, reports and remembers (channels.State).
type world struct {
	t       *testing.T
	fake    *twiliofake.Server
	channel channels.Channel // *SMS or *WhatsApp
	base    *Channel         // what both have in common
	ann     *twiliofake.Phone
	number  string // ours, as Twilio writes it
	clock   *clock

	mu         sync.Mutex
	facts      []channels.Fact
	refuse     error // what accept answers instead of taking facts
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

// storedState returns the state that the channel has saved, or "".
func (w *world) storedState() string {
	b, _ := w.Load(context.Background())
	return string(b)
}

// Save implements channels.State.
func (w *world) Save(_ context.Context, before, b []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !bytes.Equal(w.state, before) {
		return channels.ErrStateChanged
	}
	w.state = slices.Clone(b)
	return nil
}

// report is channels.Env.Report.
func (w *world) report(c channels.Condition) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conditions = append(w.conditions, c)
}

// reported returns the conditions that the channel reported.
func (w *world) reported() []channels.Condition {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.conditions)
}

// worldChange alters the emulator's options and the channel's settings before a world starts.
type worldChange func(*twiliofake.Options, channels.Config)

// newWorld starts a world, which ends with the test. Its channel polls every 20 ms while Run runs. A nil change changes
// nothing.
func newWorld(t *testing.T, by medium, change ...worldChange) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{}}
	o := twiliofake.Options{
		AccountSID: testAccount,
		AuthToken:  testToken,
		Now:        w.clock.now,
		Numbers:    []twiliofake.Number{{Address: waPrefix + waNumber}, {Address: smsNumber, MMS: true}},
	}
	config := channels.Config{fieldAccount: testAccount, fieldToken: testToken}
	quick := Options{Poll: 20 * time.Millisecond, Settle: time.Nanosecond, Watch: 20 * time.Millisecond}

	var spec channels.Spec
	var annAddress string
	switch by {
	case viaWhatsApp:
		spec, config[fieldFrom] = WhatsAppSpec(quick), waNumber
		w.number, annAddress = waPrefix+waNumber, waPrefix+annPhone
	case viaSMS:
		spec, config[fieldFrom] = SMSSpec(quick), smsNumber
		w.number, annAddress = smsNumber, annPhone
	}
	for _, f := range change {
		if f != nil {
			f(&o, config)
		}
	}

	var err error
	if w.fake, err = twiliofake.Start(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.fake.Close)
	w.startChannel(spec, config)
	w.ann = w.fake.Phone(annAddress, w.number, "Ann Lee")
	return w
}

// startChannel makes the channel and the web server for its callbacks, and tells Twilio the server's address.
func (w *world) startChannel(spec channels.Spec, config channels.Config) {
	w.t.Helper()
	var handler http.Handler // the channel, which is made when the server's address is known
	hook := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { handler.ServeHTTP(rw, r) }))
	w.t.Cleanup(hook.Close)

	env := channels.Env{
		Accept:  w.accept,
		State:   w,
		Now:     w.clock.now,
		Keys:    [][]byte{[]byte("key one"), []byte("key two")},
		APIURL:  w.fake.URL(),
		HookURL: hook.URL + "/hooks/acme",
		Report:  w.report,
	}

	var err error
	if w.channel, err = spec.New(channels.Account{ID: 7, Name: "acme", Config: config}, env); err != nil {
		w.t.Fatal(err)
	}
	handler = w.channel.(http.Handler)
	switch c := w.channel.(type) {
	case *WhatsApp:
		w.base = c.Channel
	case *SMS:
		w.base = c.Channel
	}
	w.base.api.mediaWaits = make([]time.Duration, len(mediaWaits())) // tests don't wait for files
	w.fake.SetWebhook(w.number, env.HookURL+retryOverrides)
}

// accept is channels.Env.Accept.
func (w *world) accept(_ context.Context, facts ...channels.Fact) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse != nil {
		return w.refuse
	}
	w.facts = append(w.facts, facts...)
	return nil
}

// accepted returns all accepted facts. A fact that came twice is in it twice.
func (w *world) accepted() []channels.Fact {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.facts)
}

// distinct returns the accepted facts as the journal would have them, each id once.
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

// decoded returns what the distinct facts mean, if that is of this kind.
func (w *world) decoded(kind channels.InboundKind) []channels.Inbound {
	w.t.Helper()
	var out []channels.Inbound
	for _, f := range w.distinct() {
		list, err := w.channel.Decode(f.Payload)
		noError(w.t, err)
		for _, in := range list {
			if in.Kind == kind {
				out = append(out, in)
			}
		}
	}
	return out
}

// takeMessages returns the customers' messages, and fails the test if their number isn't want.
func (w *world) takeMessages(want int) []channels.Inbound {
	w.t.Helper()
	in := w.decoded(channels.InboundMessage)
	if len(in) != want {
		w.t.Fatalf("got %d messages of customers, want %d: %+v", len(in), want, in)
	}
	return in
}

// takeInbox returns the messages that Ann's phone shows, and fails the test if their number isn't want.
func (w *world) takeInbox(want int) []twiliofake.Received {
	w.t.Helper()
	got := w.ann.Inbox()
	if len(got) != want {
		w.t.Fatalf("Ann's phone shows %d messages, want %d: %+v", len(got), want, got)
	}
	return got
}

// wait waits until a condition holds, and fails the test if that takes too long.
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

// waitStatuses waits until want statuses of messages came, and returns them.
func (w *world) waitStatuses(want int) []channels.Inbound {
	w.t.Helper()
	w.wait(fmt.Sprint(want, " statuses came"), func() bool { return len(w.decoded(channels.InboundStatus)) == want })
	return w.decoded(channels.InboundStatus)
}

// startRun keeps the channel's Run at work until the test ends.
func (w *world) startRun() {
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
