package emulator_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/channels/emulator"
)

// manualClock is a clock that stands still until a test sets it.
type manualClock struct{ now time.Time }

func (c *manualClock) read() time.Time { return c.now }

// newFaultPlan returns a plan without faults, and its clock.
func newFaultPlan() (*emulator.FaultPlan, *manualClock) {
	const seed = 1 // of the draws of faults with a chance
	clock := &manualClock{now: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	return emulator.NewFaultPlan(seed, clock.read), clock
}

// The table says which calls a fault strikes. All calls are made in the channel C1.
func TestChatFaultStrikes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault emulator.Fault
		calls []string
		want  []bool // for each call, whether the fault strikes it
	}{
		{
			name:  "a star stands for any method with that beginning, but not for events",
			fault: emulator.Fault{Method: "chat.*"},
			calls: []string{"chat.post", "users.list", "event:chat.x"},
			want:  []bool{true, false, false},
		},
		{
			name: "a star alone stands for all methods, but not for events", fault: emulator.Fault{Method: "*"},
			calls: []string{"chat.post", "event:message"}, want: []bool{true, false},
		},
		{
			name: "events have a prefix of their own", fault: emulator.Fault{Method: "event:*"},
			calls: []string{"chat.post", "event:message"}, want: []bool{false, true},
		},
		{
			name: "the first two calls are skipped, then one is struck", fault: emulator.Fault{Method: "a", Skip: 2, Times: 1},
			calls: []string{"a", "a", "a", "a"}, want: []bool{false, false, true, false},
		},
		{
			name: "a fault of another channel doesn't strike", fault: emulator.Fault{Method: "a", Channel: "other"},
			calls: []string{"a"}, want: []bool{false},
		},
		{
			name: "a fault with hardly a chance doesn't strike", fault: emulator.Fault{Method: "a", Chance: 1e-9},
			calls: []string{"a", "a", "a"}, want: []bool{false, false, false},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, _ := newFaultPlan()
			p.Inject(tt.fault)
			var got []bool
			for _, call := range tt.calls {
				got = append(got, p.Strike(call, "C1") != nil)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("calls %q: struck %v, want %v", tt.calls, got, tt.want)
			}
		})
	}
}

// A fault with a duration strikes until that is over, and no more at its very end.
func TestChatFaultStrikesWithinItsTime(t *testing.T) {
	t.Parallel()
	p, clock := newFaultPlan()
	p.Inject(emulator.Fault{Method: "a", For: time.Minute})
	clock.now = clock.now.Add(59 * time.Second)
	if p.Strike("a", "") == nil {
		t.Error("after 59 seconds of a minute: the fault doesn't strike")
	}
	clock.now = clock.now.Add(time.Second)
	if p.Strike("a", "") != nil {
		t.Error("after a minute: the fault strikes")
	}
}

// A fault whose time is over is listed until it is cleared. A call that came after its time isn't counted.
func TestEndedChatFaultIsListedUntilCleared(t *testing.T) {
	t.Parallel()
	p, clock := newFaultPlan()
	id := p.Inject(emulator.Fault{Method: "a", For: time.Minute})
	p.Strike("a", "")
	clock.now = clock.now.Add(time.Minute)
	p.Strike("a", "")

	list := p.Faults()
	if len(list) != 1 {
		t.Fatalf("after its time: %d faults are listed, want 1", len(list))
	}
	if list[0].ID != id {
		t.Errorf("the listed fault: got id %v, want %v", list[0].ID, id)
	}
	if list[0].Matched != 1 {
		t.Errorf("the listed fault matched %d calls, want 1", list[0].Matched)
	}
	if list[0].Fired != 1 {
		t.Errorf("the listed fault fired %d times, want 1", list[0].Fired)
	}

	p.ClearFaults(id)
	if list := p.Faults(); len(list) != 0 {
		t.Errorf("after clearing: got the faults %+v, want none", list)
	}
}

// A call that is struck is told to wait as long as the fault says, or else until the fault ends. The time is in full
// seconds, at least one.
func TestChatFaultRetryAfter(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault emulator.Fault
		want  int // seconds
	}{
		{name: "nothing said", fault: emulator.Fault{Method: "a"}, want: 1},
		{name: "seconds said", fault: emulator.Fault{Method: "a", Retry: 7}, want: 7},
		{name: "seconds said count more than the end", fault: emulator.Fault{Method: "a", Retry: 7, For: time.Minute}, want: 7},
		{name: "an end is rounded up to seconds", fault: emulator.Fault{Method: "a", For: 1500 * time.Millisecond}, want: 2},
		{name: "a moment is a second", fault: emulator.Fault{Method: "a", For: time.Nanosecond}, want: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, _ := newFaultPlan()
			p.Inject(tt.fault)
			hit := p.Strike("a", "")
			if hit == nil {
				t.Fatal("the fault doesn't strike")
			}
			if got := hit.RetryAfter(); got != tt.want {
				t.Errorf("got %d s, want %d s", got, tt.want)
			}
		})
	}
}

// newNumbers returns a log in which each change is its own number, the function that adds one, and the function that
// closes the emulator.
func newNumbers() (log *emulator.Changes[int64], add, closeEmulator func()) {
	closed := make(chan struct{})
	log = emulator.NewChanges[int64](closed)
	add = func() { log.Add(func(seq int64) int64 { return seq }) }
	return log, add, func() { close(closed) }
}

// A subscription gives each change once and in order, also to a reader that waited for it.
func TestSubscriptionReadsChangesInOrder(t *testing.T) {
	t.Parallel()
	log, add, _ := newNumbers()
	sub := log.Subscribe()
	go func() {
		add()
		add()
	}()
	var got []int64
	for len(got) < 2 {
		changes, err := sub.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, changes...)
	}
	if want := []int64{1, 2}; !slices.Equal(got, want) {
		t.Errorf("got the changes %v, want %v", got, want)
	}
}

// A subscription whose context has ended still gives the changes that are there, and fails only after them.
func TestSubscriptionOfEndedContext(t *testing.T) {
	t.Parallel()
	log, add, _ := newNumbers()
	sub := log.Subscribe()
	add()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sub.Next(ctx); err != nil {
		t.Errorf("with a change that is there: got the error %v, want the change", err)
	}
	if _, err := sub.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("without another change: got the error %v, want %v", err, context.Canceled)
	}
}

// WaitFor looks at its condition again after each change.
func TestWaitForChange(t *testing.T) {
	t.Parallel()
	log, add, _ := newNumbers()
	go add()
	if err := log.WaitFor(t.Context(), func() bool { return log.Last() == 1 }); err != nil {
		t.Errorf("waiting for the first change: %v", err)
	}
}

// When the emulator closes, WaitFor returns an error to those who wait for something that never comes.
func TestWaitForEndsWithTheEmulator(t *testing.T) {
	t.Parallel()
	log, _, closeEmulator := newNumbers()
	closeEmulator()
	if err := log.WaitFor(t.Context(), func() bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("got the error %v, want %v", err, context.Canceled)
	}
}

// Wait looks at its condition from time to time, even if nobody pokes the signal.
func TestSignalIsNotNeeded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		later := time.Now().Add(time.Second)
		if err := new(emulator.Signal).Wait(t.Context(), func() bool { return time.Now().After(later) }); err != nil {
			t.Error(err)
		}
	})
}

// A reader over HTTP names a change and gets those after it.
func TestChangesOverHTTP(t *testing.T) {
	t.Parallel()
	log, add, closeEmulator := newNumbers()
	for range 3 {
		add()
	}
	closeEmulator() // the changes can still be read
	tests := []struct {
		name  string
		query string
		want  string
	}{
		{name: "all", query: "", want: "[1,2,3]"},
		{name: "after the first", query: "since=1", want: "[2,3]"},
		{name: "after the last", query: "since=3", want: "[]"},
		{name: "no number", query: "since=x", want: `{"error":"bad since","ok":false}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			log.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?"+tt.query, nil))
			if got := w.Body.String(); got != tt.want {
				t.Errorf("?%s: got %s, want %s", tt.query, got, tt.want)
			}
		})
	}
}

// A fault can be injected over HTTP. A request with an unknown kind is refused with a list of the known kinds, and
// one with broken JSON with what is wrong with it.
func TestFaultIsInjectedOverHTTP(t *testing.T) {
	t.Parallel()
	const ownKind = "own" // of the emulator, besides those of all
	const knownKinds = `known are [\"delay\" \"ratelimit\" \"bare_429\" \"http\" \"drop\" \"duplicate\" \"reorder\" \"lose\" \"own\"]`
	tests := []struct {
		name     string
		body     string
		status   int
		contains string // what the answer says
	}{
		{
			name:     "a kind of all emulators",
			body:     `{"method":"a","kind":"drop"}`,
			status:   http.StatusOK,
			contains: `"id":1`,
		},
		{
			name:     "a kind of this emulator",
			body:     `{"method":"a","kind":"own"}`,
			status:   http.StatusOK,
			contains: `"id":1`,
		},
		{
			name:     "a kind that there isn't",
			body:     `{"method":"a","kind":"rate_limit"}`,
			status:   http.StatusBadRequest,
			contains: `fault: unknown kind \"rate_limit\"; ` + knownKinds,
		},
		{
			name:     "no kind",
			body:     `{"method":"a"}`,
			status:   http.StatusBadRequest,
			contains: `fault: unknown kind \"\"; ` + knownKinds,
		},
		{name: "no body", body: "", status: http.StatusBadRequest, contains: knownKinds},
		{
			name:     "a field that there isn't",
			body:     `{"method":"a","kind":"drop","Odd":1}`,
			status:   http.StatusBadRequest,
			contains: "Odd",
		},
		{name: "JSON that ends too early", body: "{", status: http.StatusBadRequest, contains: "EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			mux := http.NewServeMux()
			emulator.NewFaultPlan(1, time.Now, ownKind).FaultRoutes(mux, "/faults")
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/faults", strings.NewReader(tt.body)))
			if w.Code != tt.status {
				t.Errorf("status: got %d, want %d", w.Code, tt.status)
			}
			if got := w.Body.String(); !strings.Contains(got, tt.contains) {
				t.Errorf("answer: got %s, want %s in it", got, tt.contains)
			}
		})
	}
}

// A request that an emulator can't fulfil is answered with a conflict that says why.
func TestDoneAnswersAnError(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	emulator.WriteResult(w, nil, errors.New("no"))
	if w.Code != http.StatusConflict {
		t.Errorf("status: got %d, want %d", w.Code, http.StatusConflict)
	}
	if got, want := w.Body.String(), `{"error":"no","ok":false}`; got != want {
		t.Errorf("answer: got %s, want %s", got, want)
	}
}
