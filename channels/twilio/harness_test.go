package twilio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

const (
	testAccount = "AC00000000000000000000000000000001"
	testToken   = "0123456789abcdef0123456789abcdef"
	waNumber    = "+15550100"
	smsNumber   = "+15550101"
	annPhone    = "+15550123"
	patience    = 2 * time.Minute
)

// medium is what a test's account writes by.
type medium int

const (
	viaSMS medium = iota
	viaWhatsApp
)

// world is one account at a Twilio of its own, with the phone of one customer. It is the account's channels.State too.
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

func (w *world) Load(context.Context) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state, nil
}

func (w *world) Save(_ context.Context, b []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state = slices.Clone(b)
	return nil
}

// newWorld makes a world. change may alter the settings; quick polls are the default.
func newWorld(t *testing.T, by medium, change ...func(*twiliofake.Options, channels.Config)) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{}}
	o := twiliofake.Options{AccountSID: testAccount, AuthToken: testToken, Now: w.clock.now, Numbers: []twiliofake.Number{
		{Address: waPrefix + waNumber}, {Address: smsNumber, MMS: true}}}
	config := channels.Config{fieldAccount: testAccount, fieldToken: testToken, fieldFrom: smsNumber}
	quick := Options{Poll: 20 * time.Millisecond, Settle: time.Nanosecond, Watch: 20 * time.Millisecond}
	spec, customer := SMSSpec(quick), annPhone
	if w.number = smsNumber; by == viaWhatsApp {
		config[fieldFrom], w.number, customer = waNumber, waPrefix+waNumber, waPrefix+annPhone
		spec = WhatsAppSpec(quick)
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

// accepted gives all facts that were accepted. A fact that came twice is there twice.
func (w *world) accepted() []channels.Fact {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.facts)
}

// distinct gives the accepted facts as the journal would hold them: each id once.
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

// takeMessages gives what customers wrote, which must be want messages.
func (w *world) takeMessages(want int) []channels.Inbound {
	w.t.Helper()
	in := w.decoded(channels.InboundMessage)
	if len(in) != want {
		w.t.Fatalf("got %d messages of customers, want %d: %+v", len(in), want, in)
	}
	return in
}

// takeInbox gives what Ann's phone shows, which must be want messages.
func (w *world) takeInbox(want int) []twiliofake.Received {
	w.t.Helper()
	got := w.ann.Inbox()
	if len(got) != want {
		w.t.Fatalf("Ann's phone shows %d messages, want %d: %+v", len(got), want, got)
	}
	return got
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

// waitStatuses waits until want statuses of messages came, and gives them.
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

// annWrites lets Ann write a text and gives her message's id.
func (w *world) annWrites(text string) string {
	w.t.Helper()
	return w.annSends(twiliofake.Message{Text: text})
}

// annSends is annWrites for any message.
func (w *world) annSends(m twiliofake.Message) string {
	w.t.Helper()
	sid, err := w.ann.Send(m)
	if err != nil {
		w.t.Fatal(err)
	}
	return sid
}

func pngMedia(content string) []twiliofake.Media {
	return []twiliofake.Media{{ContentType: "image/png", Content: []byte(content)}}
}

// loadMemory gives what the channel remembers of its looks at Twilio's lists.
func (w *world) loadMemory() *memory {
	w.t.Helper()
	m, err := w.base.loadMemory(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return &m
}

// poll looks at Twilio's lists once, which must work.
func (w *world) poll(m *memory) (hasMore bool) {
	w.t.Helper()
	hasMore, err := w.base.pollOnce(w.t.Context(), m)
	if err != nil {
		w.t.Fatal(err)
	}
	return hasMore
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

func (w *world) mustSend(o channels.Outbound) channels.Receipt {
	w.t.Helper()
	r, err := w.send(o)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// waitSettled waits until Twilio is done with everything that was sent.
func (w *world) waitSettled() {
	w.t.Helper()
	w.wait("Twilio is done", func() bool {
		return !slices.ContainsFunc(w.fake.Messages(), func(m twiliofake.Stored) bool { return m.Status == "queued" || m.Status == "sent" })
	})
}

// wantClass checks that err is a *SendError of a class and has words for people. It gives it.
func wantClass(t *testing.T, tried string, err error, want channels.Class) *channels.SendError {
	t.Helper()
	var se *channels.SendError
	if !errors.As(err, &se) || se.Text == "" {
		t.Fatalf("%s: got %v, want a *SendError with words", tried, err)
	}
	wantEqual(t, tried+": class of the error", se.Class, want)
	return se
}

// wantSendFails checks that a message is refused with an error of a class.
func (w *world) wantSendFails(tried string, o channels.Outbound, want channels.Class) *channels.SendError {
	w.t.Helper()
	_, err := w.send(o)
	return wantClass(w.t, tried, err, want)
}

// wantEqual checks one value, which what names.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// wantText checks that a text contains words.
func wantText(t *testing.T, what, text, words string) {
	t.Helper()
	if !strings.Contains(text, words) {
		t.Errorf("%s: got %q, want %q in it", what, text, words)
	}
}

// wantNoAnswers checks that no callback was answered with something for the customer.
func (w *world) wantNoAnswers() {
	w.t.Helper()
	if a := w.fake.Answers(); len(a) > 0 {
		w.t.Errorf("callbacks answered %q, which went to customers", a)
	}
}

// lastForm is the form of the last message that Twilio was asked to send.
func (w *world) lastForm() url.Values {
	w.t.Helper()
	var form url.Values
	for _, r := range w.fake.Requests() {
		if r.Method == http.MethodPost && strings.HasSuffix(r.Path, "/Messages.json") {
			var err error
			if form, err = url.ParseQuery(string(r.Body)); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	return form
}

// publicFile is a file with an address that Twilio can fetch.
func publicFile(t *testing.T, name, kind, content string) channels.File {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, content)
	}))
	t.Cleanup(srv.Close)
	return channels.File{Name: name, ContentType: kind, SizeBytes: int64(len(content)),
		Link: func() (string, error) { return srv.URL + "/" + name, nil }}
}
