package bench

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bot/slack/slackfake"
	"parley/channels/channelstest"
	"parley/cmd/parley/lab"
)

// Every event that got a 2xx is in the journal, with the appliers held, and while
// customers and agents talk.
func TestAccept(t *testing.T) {
	t.Parallel()
	shortForm(t, measureAccept, "accept_ratio", "accept_idle")
}

func TestAcceptChat(t *testing.T) {
	t.Parallel()
	shortForm(t, measureChat, "accept_chat")
}

func TestBusy(t *testing.T) {
	t.Parallel()
	shortForm(t, measureBusy, "accept_ratio_busy")
}

// Every message arrives once and in order, both ways, and all receipts count.
func TestRelay(t *testing.T) {
	t.Parallel()
	shortForm(t, measureRelay, "relay_ratio", "commits_per_message")
}

func TestHop(t *testing.T) {
	t.Parallel()
	shortForm(t, measureHop, "hop", "hop_p95")
}

// What is accepted under overload is kept, what is refused says when to come back.
func TestOverload(t *testing.T) {
	t.Parallel()
	shortForm(t, measureOverload, "overload")
}

// The checks fail when something is missing.
func TestKeptFails(t *testing.T) {
	t.Parallel()
	b := testBench(t)
	w, err := startWorld(t.Context(), b, worldOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	}()
	exec := func(sql string) {
		t.Helper()
		if _, err := w.pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec(`INSERT INTO events (account_id, external_id, order_key, payload, size_bytes) VALUES (1, 'm:C:1', 'k', '', 0)`)
	if err := w.kept(t.Context(), []string{"m:C:1"}); err != nil {
		t.Error(err)
	}
	if err := w.kept(t.Context(), []string{"m:C:1", "m:C:2"}); !errors.Is(err, errLost) {
		t.Errorf("a lost event: %v", err)
	}
	exec(`INSERT INTO queues (key, account_id, version, first_event, place, last_place, due_at) SELECT 'k', 1, 0, id, id, id, now() FROM events`)
	if err := w.drain(t.Context(), 200*time.Millisecond); !errors.Is(err, errNotDrained) {
		t.Errorf("an event that nobody applies: %v", err)
	}
	exec(`DELETE FROM queues`)
	exec(`INSERT INTO quarantine (event_id, reason) SELECT id, 'test' FROM events`)
	if err := w.drain(t.Context(), time.Second); !errors.Is(err, errNotDrained) {
		t.Errorf("a quarantined event: %v", err)
	}
}

// A message at the provider that was sent twice, early, or to somebody else is noticed.
func TestTrafficNotices(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		sent []channelstest.Sent
		ok   bool
	}{
		{"in order", []channelstest.Sent{sentTo(0, 0, 1), sentTo(1, 1, 1), sentTo(0, 0, 2)}, true},
		{"doubled", []channelstest.Sent{sentTo(0, 0, 1), sentTo(0, 0, 1)}, false},
		{"lost", []channelstest.Sent{sentTo(0, 0, 2)}, false},
		{"to another customer", []channelstest.Sent{sentTo(1, 0, 1)}, false},
		{"a note", []channelstest.Sent{{To: []string{"customer-00000"}, Text: "note: " + chatter}}, false},
	} {
		tr := &traffic{receipts: make(chan receipt, 10), talks: []*talk{{customer: customerName(0)}, {customer: customerName(1)}}}
		for _, s := range c.sent {
			tr.taken(s)
		}
		if err := tr.wrong(); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func sentTo(to, talk, n int) channelstest.Sent {
	return channelstest.Sent{To: []string{customerName(to)}, Text: mark(customerName(talk), n) + " hello"}
}

func TestMarked(t *testing.T) {
	t.Parallel()
	if talk, n, ok := marked("*Ann*: " + mark(customerName(17), 5) + " and 3 more"); !ok || talk != 17 || n != 5 {
		t.Errorf("%d %d %v", talk, n, ok)
	}
	for _, text := range []string{"", "customer-", "customer-1", "customer-1/2", "customer-x/2: ", "customer-1/: ", "hello: customer-1"} {
		if talk, n, ok := marked(text); ok {
			t.Errorf("%q: %d %d", text, talk, n)
		}
	}
}

// A slow Parley shows several messages in one post.
func TestAllMarked(t *testing.T) {
	t.Parallel()
	one, two := mark(customerName(17), 5), mark(customerName(17), 6)
	if talk, n := allMarked("12:30:01 " + one + " hello\n12:30:02 " + two + " and again"); talk != 17 || !slices.Equal(n, []int{5, 6}) {
		t.Errorf("%d %v", talk, n)
	}
	if _, n := allMarked("a customer- and customer-1/2"); len(n) > 0 {
		t.Errorf("%v", n)
	}
}

func TestPairs(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	call := func(n int, after time.Duration) slackfake.Call {
		return slackfake.Call{At: begin.Add(after), Args: map[string]string{"username": "Customer", "text": mark(customerName(1), n)}}
	}
	answers := func() map[string]time.Time {
		return map[string]time.Time{mark(customerName(1), 1): begin.Add(time.Millisecond), mark(customerName(1), 2): begin.Add(9 * time.Millisecond)}
	}
	old := slackfake.Call{At: begin.Add(-time.Second), Args: map[string]string{"username": "Customer", "text": mark(customerName(1), 1)}}
	quoted := slackfake.Call{At: begin.Add(time.Millisecond), Args: map[string]string{"text": "Looks urgent: " + mark(customerName(1), 2)}}
	hops, err := pairs(answers(), []slackfake.Call{old, quoted, call(1, 4*time.Millisecond), call(2, 8*time.Millisecond)}, begin)
	if err != nil || len(hops) != 2 || hops[0] != 3 || hops[1] != 0 {
		t.Errorf("%v %v", hops, err)
	}
	for name, calls := range map[string][]slackfake.Call{
		"missing": {call(1, 0)}, "twice": {call(1, 0), call(1, 0), call(2, 0)}, "none": nil, "never said": {call(1, 0), call(2, 0), call(3, 0)},
	} {
		if _, err := pairs(answers(), calls, begin); !errors.Is(err, errOrder) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPgbenchRate(t *testing.T) {
	t.Parallel()
	if rate, err := pgbenchRate("number of clients: 2\ntps = 1234.5 (without initial connection time)\n"); err != nil || rate != 1234.5 {
		t.Errorf("%f %v", rate, err)
	}
	for _, out := range []string{"", "tps = \n", "tps = 0 (x)", "tps = many"} {
		if _, err := pgbenchRate(out); err == nil {
			t.Errorf("%q gave a rate", out)
		}
	}
}

// Events are distinct, about 1 kB, and carry the ids that the journal will have.
func TestEventMaker(t *testing.T) {
	t.Parallel()
	w, err := startWorkspace(slackOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.close() }()
	seen := map[string]bool{}
	for lane := range 3 {
		m := newEventMaker(w, lane)
		for n := range 20_000 {
			channel, thread, text := everywhere(n)
			body, ts := m.message(lab.Ann, channel, thread, text)
			if id := factID(supportChannel(0), ts); seen[id] {
				t.Fatalf("%s twice", id)
			} else {
				seen[id] = true
			}
			if n%5000 == 0 && (len(body) < 900 || len(body) > 1500 || !strings.Contains(string(body), `"ts":"`+ts+`"`)) {
				t.Errorf("%d bytes: %s", len(body), body)
			}
		}
	}
}
