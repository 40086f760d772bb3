package emulator

import (
	"cmp"
	"math"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// FaultKind is what goes wrong.
type FaultKind string

// Faults that each chat can have. Those of one chat stand with its emulator.
const (
	FaultDelay     FaultKind = "delay"     // answer after Delay
	FaultRateLimit FaultKind = "ratelimit" // 429 with Retry-After
	FaultBareLimit FaultKind = "bare_429"  // 429 without Retry-After
	FaultHTTP      FaultKind = "http"      // Status (default 502) with an HTML page
	FaultDrop      FaultKind = "drop"      // close the connection without an answer
)

// Faults of events alone (Method "event:<name>" or "event:*").
const (
	FaultDuplicate FaultKind = "duplicate"
	FaultReorder   FaultKind = "reorder" // the next event overtakes it
	FaultLose      FaultKind = "lose"
)

// Fault is a rule by which an emulated chat (Slack, Teams) fails, as real ones do now and then: which calls or events it strikes, and what
// happens to them. If several match a call, the first one that strikes counts.
type Fault struct {
	ID   int       `json:"id"` // given by Inject
	Kind FaultKind `json:"kind"`

	// Which calls or events it matches.
	Method  string `json:"method"`            // pattern of path.Match: "chat.*", "event:*"; "*" matches all calls, and no event
	Channel string `json:"channel,omitempty"` // "" means any

	// Which of those it strikes.
	Skip   int           `json:"skip,omitempty"`   // how many it lets through first
	Times  int           `json:"times,omitempty"`  // how many it strikes; 0 means all until it is cleared
	Chance float64       `json:"chance,omitempty"` // in (0,1), decided by the emulator's seed; 0 means that it always strikes
	For    time.Duration `json:"for,omitempty"`    // how long from Inject on, by the emulator's clock; 0 means for ever

	// What it does to them.
	After  bool          `json:"after,omitempty"`  // the call takes effect first, then fails (not for limits)
	Delay  time.Duration `json:"delay,omitempty"`  // in JSON nanoseconds; in real time for calls
	Retry  int           `json:"retry,omitempty"`  // Retry-After, in seconds; 0 means what is left of For, or 1
	Status int           `json:"status,omitempty"` // of FaultHTTP
	Error  string        `json:"error,omitempty"`  // slackfake: the error it answers
	Code   string        `json:"code,omitempty"`   // teamsfake: the code it answers, such as PreconditionFailed

	// How often it did so far, where it is listed.
	Fired   int `json:"fired,omitempty"`
	Matched int `json:"matched,omitempty"`
}

// FaultPlan holds the injected faults of an emulator, which embeds it. It is safe for concurrent use.
type FaultPlan struct {
	set   *FaultSet[aimed]
	kinds []FaultKind // all that the emulator plays
	clock func() time.Time
	next  atomic.Int64 // the last id
}

// aimed is a fault with the time of its end; a zero time means that it has none.
type aimed struct {
	fault Fault
	until time.Time
}

// NewFaultPlan makes an empty plan; seed decides faults with a chance, clock ends those with a time. own are the kinds
// that this emulator plays besides those of each chat.
func NewFaultPlan(seed int64, clock func() time.Time, own ...FaultKind) *FaultPlan {
	kinds := []FaultKind{FaultDelay, FaultRateLimit, FaultBareLimit, FaultHTTP, FaultDrop, FaultDuplicate, FaultReorder, FaultLose}
	return &FaultPlan{set: NewFaultSet[aimed](seed), kinds: append(kinds, own...), clock: clock}
}

// Inject adds a rule and returns its id.
func (p *FaultPlan) Inject(f Fault) int {
	a := aimed{fault: f}
	if f.For > 0 {
		a.until = p.clock().Add(f.For)
	}
	a.fault.ID = int(p.next.Add(1))
	p.set.Add(a, FaultRule{ID: strconv.Itoa(a.fault.ID), Nth: f.Skip + 1, Times: cmp.Or(f.Times, Forever), Probability: f.Chance})
	return a.fault.ID
}

// Faults lists the rules with their counters.
func (p *FaultPlan) Faults() []Fault {
	out := []Fault{}
	for _, s := range p.set.List() {
		out = append(out, withCounters(s))
	}
	return out
}

// withCounters returns a fault with its counters.
func withCounters(s FaultState[aimed]) Fault {
	f := s.Fault.fault
	f.Matched, f.Fired = s.Seen, s.Fired
	return f
}

// ClearFaults removes the rules with these ids, or all.
func (p *FaultPlan) ClearFaults(ids ...int) {
	if len(ids) == 0 {
		p.set.ClearFaults()
		return
	}
	for _, id := range ids {
		p.set.RemoveFault(strconv.Itoa(id))
	}
}

// Struck is a fault as it strikes one call or event.
type Struck struct {
	Fault
	left time.Duration // until the fault ends; 0 if it has no end
}

// Strike counts a call, or an event if its name begins with "event:". It returns the first fault that strikes it, or nil.
func (p *FaultPlan) Strike(name, channel string) *Struck {
	now := p.clock()
	hit, ok := p.set.First(func(a aimed) bool {
		hasEnded := !a.until.IsZero() && !now.Before(a.until)
		return !hasEnded && a.fault.matches(name, channel)
	})
	if !ok {
		return nil
	}
	s := &Struck{Fault: withCounters(hit)}
	if !hit.Fault.until.IsZero() {
		s.left = hit.Fault.until.Sub(now)
	}
	return s
}

// RetryAfter returns the seconds that a struck call is told to wait: Retry, else what is left until the fault ends, and at least one.
func (s *Struck) RetryAfter() int {
	if s.Retry != 0 {
		return max(s.Retry, 1)
	}
	return max(int(math.Ceil(s.left.Seconds())), 1)
}

// matches reports whether a fault is meant for a call or event. A malformed pattern matches nothing.
func (f Fault) matches(name, channel string) bool {
	const event = "event:"
	if f.Channel != "" && f.Channel != channel {
		return false
	}
	if strings.HasPrefix(name, event) != strings.HasPrefix(f.Method, event) { // "*" means calls, but no events
		return false
	}
	ok, err := path.Match(f.Method, name)
	return err == nil && ok
}

// FaultRoutes serves the faults: GET lists, POST injects and answers the id, or 400 if there is no fault of that kind,
// DELETE [?id=1,2] clears.
func (p *FaultPlan) FaultRoutes(mux *http.ServeMux, at string) {
	mux.HandleFunc("GET "+at, func(w http.ResponseWriter, _ *http.Request) { WriteJSON(w, http.StatusOK, p.Faults()) })
	mux.HandleFunc("POST "+at, func(w http.ResponseWriter, req *http.Request) {
		var f Fault
		if !DecodeJSON(w, req, &f) {
			return
		}
		if err := CheckWord("kind", f.Kind, p.kinds); err != nil {
			writeError(w, http.StatusBadRequest, err)
			return
		}
		WriteResult(w, map[string]any{"id": p.Inject(f)}, nil)
	})

	mux.HandleFunc("DELETE "+at, func(w http.ResponseWriter, req *http.Request) {
		var ids []int
		for part := range strings.SplitSeq(req.URL.Query().Get("id"), ",") {
			if n, err := strconv.Atoi(part); err == nil {
				ids = append(ids, n)
			}
		}

		p.ClearFaults(ids...)
		WriteResult(w, nil, nil)
	})
}
