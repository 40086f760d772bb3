package whatsapp

import (
	"bytes"
	"context"
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

// clock stands until a test moves it.
type clock struct{ moved atomic.Int64 }

func newClock() *clock { return &clock{} }

func (c *clock) now() time.Time {
	return time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC).Add(time.Duration(c.moved.Load()))
}

func (c *clock) advance(d time.Duration) { c.moved.Add(int64(d)) }

// journal is Accept as the engine has it, without what it does with the facts.
type journal struct {
	mu     sync.Mutex
	facts  []channels.Fact // all, doubles too
	refuse []error         // answers of the next calls
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

func (j *journal) all() []channels.Fact {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.facts)
}

// world is Meta with one number, a customer with a phone, and a channel on it.
type world struct {
	*graphfake.Server
	t       *testing.T
	clock   *clock
	journal *journal
	number  *graphfake.Number
	ann     *graphfake.Customer
	channel *Channel
	hook    string
	config  channels.Config
	env     channels.Env
}

const (
	phoneID  = "1055"
	wabaID   = "2066"
	ourToken = "T0KEN"
	annPhone = "+491701234567"
	annWaID  = "491701234567"
)

func newWorld(t *testing.T, change ...func(*graphfake.NumberConfig)) *world {
	t.Helper()
	w := &world{t: t, clock: newClock(), journal: &journal{}}
	w.Server = graphfake.New(graphfake.Options{Clock: w.clock.now, Seed: 1, HookRetry: time.Millisecond})
	if err := w.Start(""); err != nil {
		t.Fatal(err)
	}
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
	w.config = channels.Config{fieldPhoneID: phoneID, fieldWABA: wabaID, fieldToken: ourToken, fieldSecret: w.AppSecret(), fieldVerify: "verify-me"}
	w.env = channels.Env{Accept: w.journal.accept, Keys: testKeys(), Now: w.clock.now, APIURL: w.URL(), HookURL: "https://parley.test/hooks/wa",
		Log: slog.New(slog.NewTextHandler(channelstest.Log(t), nil)).With("account_id", 1)}
	w.channel = w.open()
	server := httptest.NewServer(w.channel)
	t.Cleanup(server.Close)
	w.hook = server.URL + "/hooks/wa"
	w.env.HookURL, w.channel.env.HookURL = w.hook, w.hook
	if err := w.Subscribe(within(t), wabaID, w.hook, "verify-me"); err != nil {
		t.Fatal(err)
	}
	w.ann = w.number.Customer(graphfake.Person{Phone: annPhone, Name: "Ann Lee"})
	return w
}

// open makes a channel with the settings as they are now.
func (w *world) open() *Channel {
	w.t.Helper()
	ch, err := Spec().New(channels.Account{ID: 1, Name: "wa", Config: w.config}, w.env)
	if err != nil {
		w.t.Fatal(err)
	}
	c, ok := ch.(*Channel)
	if !ok {
		w.t.Fatalf("%T", ch)
	}
	return c
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// settle waits until every webhook was taken, and gives the facts since the last time.
func (w *world) settle() []channels.Fact {
	w.t.Helper()
	if err := w.Settle(within(w.t)); err != nil {
		w.t.Fatal(err)
	}
	w.journal.mu.Lock()
	defer w.journal.mu.Unlock()
	facts := w.journal.facts
	w.journal.facts = nil
	return facts
}

// inbound decodes all facts.
func (w *world) inbound(facts []channels.Fact) []channels.Inbound {
	w.t.Helper()
	var list []channels.Inbound
	for _, f := range facts {
		if f.Quarantine != "" {
			w.t.Fatalf("quarantined: %s: %s", f.Quarantine, f.Payload)
		}
		in, err := w.channel.Decode(f.Payload)
		if err != nil {
			w.t.Fatalf("decode: %v", err)
		}
		list = append(list, in...)
	}
	return list
}

// heard gives what arrived since the last time.
func (w *world) heard() []channels.Inbound {
	w.t.Helper()
	return w.inbound(w.settle())
}

// one is the only thing that arrived.
func (w *world) one() channels.Inbound {
	w.t.Helper()
	list := w.heard()
	if len(list) != 1 {
		w.t.Fatalf("%d things arrived: %+v", len(list), list)
	}
	return list[0]
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

func (w *world) send(o channels.Outbound) channels.Receipt {
	w.t.Helper()
	r, err := w.channel.Send(within(w.t), o)
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

func (w *world) fails(o channels.Outbound, class channels.Class) channels.SendError {
	w.t.Helper()
	_, err := w.channel.Send(within(w.t), o)
	se := asSendError(w.t, err)
	if se.Class != class {
		w.t.Fatalf("class %s, want %s: %v", se.Class, class, err)
	}
	return *se
}

func asSendError(t *testing.T, err error) *channels.SendError {
	t.Helper()
	if se, ok := err.(*channels.SendError); ok && se.Text != "" { //nolint:errorlint // it must be one itself
		return se
	}
	t.Fatalf("%v is no *SendError with words", err)
	return nil
}

func (w *world) fault(f graphfake.Fault) string {
	w.t.Helper()
	id, err := w.AddFault(f)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func file(name, contentType string, content []byte) channels.File {
	return channels.File{Name: name, ContentType: contentType, SizeBytes: int64(len(content)), Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content)), nil
	}}
}

// long makes a text of n characters.
func long(n int) string {
	return string(bytes.Repeat([]byte("a"), n))
}
