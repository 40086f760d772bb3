package torture

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/channels/pause"
	"parley/cmd/parley/torture/judge"
	"parley/cmd/parley/torture/world"
)

// TestErrands: whoever sends one learns whether it was done; what nobody waits for is not done.
func TestErrands(t *testing.T) {
	t.Parallel()
	var e errands
	if _, ok := e.next(); ok || e.isAnyOpen() {
		t.Error("there is an errand that nobody sent")
	}
	if e.send(t.Context(), errandOne, time.Millisecond) || e.isAnyOpen() {
		t.Error("an errand that nobody did counts as done, or stays")
	}
	done := make(chan bool, 1)
	go func() { done <- e.send(t.Context(), errandAll, time.Minute) }()
	for {
		if one, ok := e.next(); ok {
			if one.what != errandAll || e.isAnyOpen() {
				t.Errorf("the errand is %q", one.what)
			}
			close(one.done)
			break
		}
		if !pause.For(t.Context(), time.Millisecond) {
			t.Fatal("it was never sent")
		}
	}
	if !<-done {
		t.Error("it was done, and the sender was not told")
	}
}

// controlled answers the driver in the place of the emulators, and keeps what was asked.
type controlled struct {
	mu      sync.Mutex
	asks    map[string][]string // bodies by path
	answers map[string]string   // by path; {} unless said otherwise
}

func (c *controlled) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body json.RawMessage
	_ = json.NewDecoder(r.Body).Decode(&body) // a request without a body asks for something
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asks[r.URL.Path] = append(c.asks[r.URL.Path], string(body))
	_, _ = w.Write([]byte(cmp.Or(c.answers[r.URL.Path], `{}`)))
}

// answer says what the emulators answer from now on.
func (c *controlled) answer(path, with string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers[path] = with
}

// crowded is a driver whose customers write to nobody.
func crowded(t *testing.T, o Options) (*driver, *controlled) {
	t.Helper()
	c := &controlled{asks: map[string][]string{}, answers: map[string]string{}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return newDriver(world.Wire{Slack: server.URL, Mail: server.URL, Chats: o.Chats}, o), c
}

// TestFlood: one customer, or all of an account in turn, write a whole flood, each message of which is
// in the ledger.
func TestFlood(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what errand
		most int // customers who write
	}{{errandOne, 1}, {errandAll, minTalks}} {
		o := Options{Mails: 6, Flow: 20 * time.Second}
		d, emulators := crowded(t, o)
		do(t, d, c.what)
		writers := map[int]bool{}
		for _, r := range d.said {
			writers[r.Conv] = true
		}
		if len(d.said) != o.floodSize() || len(writers) != c.most || d.counted.Mails != o.floodSize() || d.mails != o.Mails {
			t.Errorf("%s: %d messages of %d customers; %d are still to be written", c.what, len(d.said), len(writers), d.mails)
		}
		if got := len(emulators.asks["/_fake/mail/send"]); got != o.floodSize() {
			t.Errorf("%s: %d mails", c.what, got)
		}
	}
}

// TestSameAccount: a flood of one account is one of customers who write by one kind of channel.
func TestSameAccount(t *testing.T) {
	t.Parallel()
	d := newDriver(world.Wire{Chats: true}, Options{Mails: 90, Chats: true})
	for range 10 {
		list := d.pickAccountTalks()
		if len(list) == 0 || slices.ContainsFunc(list, func(t *talk) bool { return t.kind != list[0].kind }) {
			t.Errorf("customers %+v", list)
		}
	}
}

// TestPoison: what can't be read stands between two messages of a customer, and names no sender.
func TestPoison(t *testing.T) {
	t.Parallel()
	d, emulators := crowded(t, Options{Mails: 90, Chats: true})
	do(t, d, errandPoison)
	if len(d.said) != 2 || d.said[0].Conv != d.said[1].Conv || d.counted.Poisons != 1 || !slices.Equal(d.poisons, []string{"m:" + poisonID(1)}) {
		t.Errorf("said %+v, poisons %q", d.said, d.poisons)
	}
	hooks := emulators.asks["/_fake/chat/hook"]
	if len(hooks) != 1 || strings.Contains(hooks[0], `"from`) || !strings.Contains(hooks[0], world.WhatsAppUser(d.said[0].Conv)) {
		t.Errorf("webhooks %q", hooks)
	}
}

// TestWriteHard: a hard mail stands between two others of the customer, and is known before it is
// written; what ends a process is its applying, not its arrival.
func TestWriteHard(t *testing.T) {
	t.Parallel()
	d, _ := crowded(t, Options{Mails: 90, Chats: true})
	do(t, d, errandDeadly)
	if len(d.said) != 3 || d.said[0].Conv != d.said[2].Conv || d.counted.Hard != 1 || d.mails != 90 {
		t.Fatalf("said %+v", d.said)
	}
	if deadly := d.hard.deadly.list(); !slices.Equal(deadly, []judge.Mark{d.said[1].Mark}) || world.KindOf(d.said[1].Conv, true) != world.ByMail {
		t.Errorf("deadly are %v of %+v", deadly, d.said)
	}
	text := []byte("Please look at " + d.said[1].Mark.String() + ".")
	if !d.hard.isApplyingDeadly(nil, text) || d.hard.isApplyingDeadly(nil, append([]byte("Subject: x\r\n\r\n"), text...)) || d.hard.isApplyingDeadly(nil, []byte(d.said[0].Mark.String())) {
		t.Error("applying isn't told from arriving")
	}
}

// do has a driver do one errand.
func do(t *testing.T, d *driver, what errand) {
	t.Helper()
	ctx, end := context.WithTimeout(t.Context(), 5*time.Minute)
	defer end()
	done := make(chan bool, 1)
	go func() { done <- d.errands.send(ctx, what, 5*time.Minute) }()
	for ok := false; !ok; {
		var err error
		if ok, err = d.runErrand(ctx); err != nil {
			t.Fatal(err)
		}
		if !pause.For(ctx, time.Millisecond) {
			t.Fatal("the errand never came")
		}
	}
	if !<-done {
		t.Errorf("%s: not done", what)
	}
}

// TestForeignReceipts: half of another system's receipts are about customers of ours, and none about
// the same message twice.
func TestForeignReceipts(t *testing.T) {
	t.Parallel()
	o := Options{Mails: 90, Chats: true, Flow: 20 * time.Second}
	d, emulators := crowded(t, o)
	c := &chaos{wire: d.wire, driver: d, opt: o}
	if err := c.sendForeignReceipts(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(emulators.asks["/_fake/chat/hook"], "")
	ids := map[string]bool{}
	for _, part := range strings.Split(all, "wamid.foreign-")[1:] {
		id, _, _ := strings.Cut(part, `"`)
		ids[id] = true
	}
	if want := o.floodSize() * receiptsEach; len(ids) != want || strings.Count(all, "US.torture") != want/2 || strings.Count(all, "US.foreign") != want/2 {
		t.Errorf("%d receipts, %d about customers of ours", len(ids), strings.Count(all, "US.torture"))
	}
}
