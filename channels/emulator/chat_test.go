package emulator_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
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
