package meta

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/channelstest"
	"parley/channels/graphfake"
)

// patience bounds every wait; only a failing test uses it up.
const patience = 2 * time.Minute

func testKeys() [][]byte { return [][]byte{[]byte("new key"), []byte("old key")} }

// clock is a clock that stands until a test moves it.
type clock struct{ moved atomic.Int64 }

func newClock() *clock { return &clock{} }

func (c *clock) now() time.Time {
	return time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC).Add(time.Duration(c.moved.Load()))
}

func (c *clock) advance(d time.Duration) { c.moved.Add(int64(d)) }

// journal accepts facts in place of the engine, and only keeps them.
type journal struct {
	mu     sync.Mutex
	facts  []channels.Fact // accepted since the last takeFacts, doubles too
	refuse []error         // what the next calls of accept answer
}

func (j *journal) accept(_ context.Context, facts ...channels.Fact) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.refuse) > 0 {
		err := j.refuse[0]
		j.refuse = j.refuse[1:]
		return err
	}
	j.facts = append(j.facts, facts...)
	return nil
}

// list returns the accepted facts without taking them.
func (j *journal) list() []channels.Fact {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.facts)
}

// world is what most tests of this package run in: Meta's emulator with one number, a customer Ann with a phone, a channel
// on that number, and a web server whose address Meta calls. What the channel accepts is kept in journal.
type world struct {
	*graphfake.Server
	t       *testing.T
	clock   *clock
	journal *journal
	number  *graphfake.Number
	ann     *graphfake.Customer
	channel *Number
	hook    string          // the address for webhooks
	config  channels.Config // settings of the channel; newChannel applies changes
	env     channels.Env    // what the channel is given; newChannel applies changes
}

const (
	phoneID     = "1055" // Meta's id of our number
	wabaID      = "2066" // Meta's id of our business account
	ourToken    = "T0KEN"
	verifyToken = "verify-me" // which Meta says when a webhook is set up
	annPhone    = "+491701234567"
)

// newWorld starts a world, which ends with the test. change changes the number.
func newWorld(t *testing.T, change ...func(*graphfake.NumberConfig)) *world {
	t.Helper()
	w := &world{t: t, clock: newClock(), journal: &journal{}}
	w.Server = graphfake.New(graphfake.Options{Clock: w.clock.now, Seed: 1, HookRetry: time.Millisecond})
	noError(t, w.Start(""))
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})

	cfg := graphfake.NumberConfig{ID: phoneID, WABA: wabaID, Display: "+15550100"}
	for _, c := range change {
		c(&cfg)
	}
	w.number = w.AddNumber(cfg)
	w.AllowToken(ourToken, phoneID, wabaID)

	w.config = channels.Config{
		fieldPhoneID: phoneID,
		fieldWABA:    wabaID,
		fieldToken:   ourToken,
		fieldSecret:  w.AppSecret(),
		fieldVerify:  verifyToken,
	}
	w.env = channels.Env{
		Accept:  w.journal.accept,
		Keys:    testKeys(),
		Now:     w.clock.now,
		APIURL:  w.URL(),
		HookURL: "https://parley.test/hooks/wa",
		Log:     slog.New(slog.NewTextHandler(channelstest.Log(t), nil)).With("account_id", 1),
	}

	w.channel = w.newChannel()
	server := httptest.NewServer(w.channel)
	t.Cleanup(server.Close)
	w.hook = server.URL + "/hooks/wa"
	w.env.HookURL, w.channel.env.HookURL = w.hook, w.hook
	noError(t, w.Subscribe(testContext(t), wabaID, w.hook, verifyToken))

	w.ann = w.number.Customer(graphfake.Person{Phone: annPhone, Name: "Ann Lee"})
	return w
}

// newNumber makes a channel with the settings as they are now.
func (w *world) newChannel() *Number {
	w.t.Helper()
	ch, err := WhatsApp().New(channels.Account{ID: 1, Name: "wa", Config: w.config}, w.env)
	noError(w.t, err)
	return ch.(*Number)
}

// testContext ends with the test, or when its patience does.
func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// takeFacts waits until every webhook was taken, and returns the facts that were accepted since it was called last.
func (w *world) takeFacts() []channels.Fact {
	w.t.Helper()
	noError(w.t, w.Settle(testContext(w.t)))
	w.journal.mu.Lock()
	defer w.journal.mu.Unlock()
	facts := w.journal.facts
	w.journal.facts = nil
	return facts
}

// decodeAll returns what the facts mean.
func (w *world) decodeAll(facts []channels.Fact) []channels.Inbound {
	w.t.Helper()
	var list []channels.Inbound
	for _, f := range facts {
		if f.Quarantine != "" {
			w.t.Fatalf("the fact %s is in quarantine: %s", f.Payload, f.Quarantine)
		}
		in, err := w.channel.Decode(f.Payload)
		if err != nil {
			w.t.Fatalf("Decode(%s): %v", f.Payload, err)
		}
		list = append(list, in...)
	}
	return list
}

// takeInbound returns what the facts of takeFacts mean.
func (w *world) takeInbound() []channels.Inbound {
	w.t.Helper()
	return w.decodeAll(w.takeFacts())
}

// takeOne is takeInbound where one thing must have arrived.
func (w *world) takeOne() channels.Inbound {
	w.t.Helper()
	list := w.takeInbound()
	if len(list) != 1 {
		w.t.Fatalf("got %+v, want one thing", list)
	}
	return list[0]
}

// openWindow lets Ann write, so that anything may be sent to her for a day.
func (w *world) openWindow() {
	w.t.Helper()
	w.ann.Text("Hello")
	w.takeFacts()
}

// outbound makes a message to Ann.
func outbound(id int64, text string) channels.Outbound {
	return channels.Outbound{
		DeliveryID:     id,
		ConversationID: 7,
		MessageID:      id,
		Attempt:        channels.Attempt{Number: 1},
		To:             []channels.Party{{Key: annPhone}},
		Text:           text,
	}
}

// send sends one part of a message, which must succeed.
func (w *world) send(o channels.Outbound) channels.Receipt {
	w.t.Helper()
	r, err := w.channel.Send(testContext(w.t), o)
	if err != nil {
		w.t.Fatalf("send: %v", err)
	}
	return r
}

// sendAll sends a message with all its parts, as the engine does.
func (w *world) sendAll(o channels.Outbound) []channels.Receipt {
	w.t.Helper()
	var list []channels.Receipt
	for {
		r := w.send(o)
		list = append(list, r)
		if !r.More {
			return list
		}
		o.Attempt.Part++
	}
}

// wantSendFails checks that sending fails with an error of this class, and returns the error.
func (w *world) wantSendFails(o channels.Outbound, class channels.Class) channels.SendError {
	w.t.Helper()
	_, err := w.channel.Send(testContext(w.t), o)
	return *wantClass(w.t, "sending", err, class)
}

// wantClass checks that what was tried failed with a *SendError of this class that has words for people, and returns that.
func wantClass(t *testing.T, tried string, err error, want channels.Class) *channels.SendError {
	t.Helper()
	se, ok := err.(*channels.SendError) //nolint:errorlint // it must be one itself
	if !ok || se.Text == "" {
		t.Fatalf("%s: got the error %v, want a *SendError with words for people", tried, err)
	}
	if se.Class != want {
		t.Fatalf("%s: got an error of class %s, want %s: %v", tried, se.Class, want, err)
	}
	return se
}

// noError ends the test if something failed.
func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantEqual checks one value. what says which one it is.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// addFault lets Meta fail as f says.
func (w *world) addFault(f graphfake.Fault) {
	w.t.Helper()
	if _, err := w.AddFault(f); err != nil {
		w.t.Fatal(err)
	}
}

// file makes a file to send.
func file(name, contentType string, content []byte) channels.File {
	return channels.File{
		Name:        name,
		ContentType: contentType,
		SizeBytes:   int64(len(content)),
		Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(content)), nil
		},
	}
}

// jsonOf writes a value as JSON. It panics if that isn't possible.
func jsonOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// long makes a text of n characters.
func long(n int) string { return string(bytes.Repeat([]byte("a"), n)) }
