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

// FaultKind is the kind of a Fault.
type FaultKind string

// Kinds of faults that every emulated chat has. Each emulator may add kinds of its own.
const (
	FaultDelay     FaultKind = "delay"     // respond after Delay
	FaultRateLimit FaultKind = "ratelimit" // 429 with Retry-After
	FaultBareLimit FaultKind = "bare_429"  // 429 without Retry-After
	FaultHTTP      FaultKind = "http"      // Status (default 502) with an HTML page
	FaultDrop      FaultKind = "drop"      // close the connection without a response
)

// Kinds of faults that strike only events (Method "event:<name>" or "event:*").
const (
	FaultDuplicate FaultKind = "duplicate"
	FaultReorder   FaultKind = "reorder" // the next event overtakes it
	FaultLose      FaultKind = "lose"
)

// Fault is a rule that makes an emulated chat (Slack, Teams) fail as real ones do now and then. It says which
// calls or events it matches, which of those it strikes, and what happens to them. If several faults match a
// call, the first that strikes wins. Example: {"kind": "ratelimit", "method": "chat.*", "skip": 2, "times":
// 1} rate-limits the third call of a chat method.
type Fault struct {
	ID   int       `json:"id"` // set by Inject
	Kind FaultKind `json:"kind"`

	// The calls or events that it matches.
	Method  string `json:"method"`            // path.Match pattern: "chat.*", "event:*"; "*" matches all calls but no events
	Channel string `json:"channel,omitempty"` // "" means any

	// Those of the matching calls or events that it strikes.
	Skip   int           `json:"skip,omitempty"`   // how many matches pass first
	Times  int           `json:"times,omitempty"`  // how many matches it strikes; 0 means no limit
	Chance float64       `json:"chance,omitempty"` // probability in (0,1), decided by the emulator's seed; 0 means always
	For    time.Duration `json:"for,omitempty"`    // duration from Inject, by the emulator's clock; 0 means no limit

	// The effect on the calls or events that it strikes.
	After  bool          `json:"after,omitempty"`  // the call takes effect before it fails (not for rate limits)
	Delay  time.Duration `json:"delay,omitempty"`  // in JSON as nanoseconds; real time for calls
	Retry  int           `json:"retry,omitempty"`  // Retry-After in seconds; 0 means the rest of For, or else 1
	Status int           `json:"status,omitempty"` // for FaultHTTP
	Error  string        `json:"error,omitempty"`  // slackfake: error in the response
	Code   string        `json:"code,omitempty"`   // teamsfake: code in the response, such as PreconditionFailed

	// Counters, set by Faults.
	Fired   int `json:"fired,omitempty"`
	Matched int `json:"matched,omitempty"`
}

// FaultPlan holds the faults of an emulator, which embeds it. It is safe for concurrent use.
type FaultPlan struct {
	set   *FaultSet[timedFault]
	kinds []FaultKind // kinds that the emulator supports
	clock func() time.Time
	next  atomic.Int64 // the last id
}

// timedFault is a fault with the time at which it ends, or the zero time.
type timedFault struct {
	fault Fault
	until time.Time
}

// NewFaultPlan returns an empty plan. seed decides about faults with a Chance, and clock ends those with a
// duration. own are the kinds that this emulator supports besides the general ones.
func NewFaultPlan(seed int64, clock func() time.Time, own ...FaultKind) *FaultPlan {
	kinds := []FaultKind{FaultDelay, FaultRateLimit, FaultBareLimit, FaultHTTP, FaultDrop, FaultDuplicate, FaultReorder, FaultLose}
	return &FaultPlan{set: NewFaultSet[timedFault](seed), kinds: append(kinds, own...), clock: clock}
}

// Inject adds a fault and returns its id.
func (p *FaultPlan) Inject(f Fault) int {
	a := timedFault{fault: f}
	if f.For > 0 {
		a.until = p.clock().Add(f.For)
	}
	a.fault.ID = int(p.next.Add(1))
	p.set.Add(a, FaultRule{
		ID:          strconv.Itoa(a.fault.ID),
		Nth:         f.Skip + 1,
		Times:       cmp.Or(f.Times, Forever),
		Probability: f.Chance,
	})
	return a.fault.ID
}

// Faults returns the faults with their counters.
func (p *FaultPlan) Faults() []Fault {
	out := []Fault{}
	for _, s := range p.set.List() {
		out = append(out, withCounters(s))
	}
	return out
}

func withCounters(s FaultState[timedFault]) Fault {
	f := s.Fault.fault
	f.Matched, f.Fired = s.Seen, s.Fired
	return f
}

// ClearFaults removes the faults with these ids. Without ids it removes all.
func (p *FaultPlan) ClearFaults(ids ...int) {
	if len(ids) == 0 {
		p.set.ClearFaults()
		return
	}
	for _, id := range ids {
		p.set.RemoveFault(strconv.Itoa(id))
	}
}

// Struck is a fault that strikes a particular call or event.
type Struck struct {
	Fault
	left time.Duration // time until the fault ends; 0 if it has no end
}

// Strike counts a call, or an event if name begins with "event:", and returns the first fault that strikes
// it, or nil.
func (p *FaultPlan) Strike(name, channel string) *Struck {
	now := p.clock()
	hit, ok := p.set.First(func(a timedFault) bool {
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

// RetryAfter returns the Retry-After of a struck call in seconds: Retry, or the time until the fault ends,
// and at least 1.
func (s *Struck) RetryAfter() int {
	if s.Retry != 0 {
		return max(s.Retry, 1)
	}
	return max(int(math.Ceil(s.left.Seconds())), 1)
}

// matches reports whether a fault applies to a call or event. A malformed pattern matches nothing.
func (f Fault) matches(name, channel string) bool {
	const event = "event:"
	if f.Channel != "" && f.Channel != channel {
		return false
	}
	if strings.HasPrefix(name, event) != strings.HasPrefix(f.Method, event) { // "*" doesn't match events
		return false
	}
	ok, err := path.Match(f.Method, name)
	return err == nil && ok
}

// FaultRoutes adds the endpoints of the plan at a path: GET lists the faults, POST injects one and returns
// its id (400 for an unknown kind), and DELETE [?id=1,2] removes faults.
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
