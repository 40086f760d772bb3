package slackfake

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"net/http"
	"path"
	"slices"
	"time"
)

// FaultKind is what goes wrong.
type FaultKind string

// Faults of Web API calls, uploads ("upload"), downloads ("download") and response URLs ("response_url").
const (
	FaultDelay      FaultKind = "delay"      // answer after Delay
	FaultRateLimit  FaultKind = "ratelimit"  // 429 with Retry-After
	FaultBareLimit  FaultKind = "bare_429"   // 429 without Retry-After
	FaultLimitBody  FaultKind = "limit_body" // 200 with ok:false ratelimited (or Error)
	FaultHTTP       FaultKind = "http"       // Status (default 502) with an HTML page
	FaultDrop       FaultKind = "drop"       // cut the connection; for events: the socket, before the ack counts
	FaultBlank      FaultKind = "blank"      // 200 ok:false without an error
	FaultError      FaultKind = "error"      // 200 ok:false with Error (default internal_error)
	FaultNeverShare FaultKind = "no_share"   // files.completeUploadExternal answers ok, nothing is posted
)

// Faults of events (Method "event:<name>", such as "event:message.channels" or "event:*");
// FaultDelay and FaultDrop apply too.
const (
	FaultDuplicate FaultKind = "duplicate"
	FaultReorder   FaultKind = "reorder" // the next event overtakes it
	FaultLose      FaultKind = "lose"
)

// Fault is one rule. The first rule that matches and fires wins.
type Fault struct {
	ID      int           `json:"id"`
	Method  string        `json:"method"` // glob: chat.postMessage, chat.*, event:*, *
	Channel string        `json:"channel,omitempty"`
	Kind    FaultKind     `json:"kind"`
	After   bool          `json:"after,omitempty"`   // take effect first, then fail (not for limits)
	Skip    int           `json:"skip,omitempty"`    // matching calls to let through first
	Times   int           `json:"times,omitempty"`   // how often it fires; 0 = until cleared
	Chance  float64       `json:"chance,omitempty"`  // 0 = always; decided by Options.Seed
	For     time.Duration `json:"for,omitempty"`     // from injection, by Slack's clock; 0 = for ever
	Delay   time.Duration `json:"delay,omitempty"`   // in JSON nanoseconds; in real time for calls
	Retry   int           `json:"retry,omitempty"`   // Retry-After, seconds; default what is left of For, or 1
	Status  int           `json:"status,omitempty"`  // of FaultHTTP
	Error   string        `json:"error,omitempty"`   // of FaultError and FaultLimitBody
	Fired   int           `json:"fired,omitempty"`   // so far
	Matched int           `json:"matched,omitempty"` // so far
}

type fault struct {
	Fault
	until time.Time
}

// Inject adds a rule and returns its id.
func (s *Server) Inject(f Fault) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faultN++
	f.ID = s.faultN
	x := &fault{Fault: f}
	if f.For > 0 {
		x.until = s.now().Add(f.For)
	}
	s.faults = append(s.faults, x)
	return f.ID
}

// Faults lists the rules with their counters.
func (s *Server) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Fault
	for _, f := range s.faults {
		out = append(out, f.Fault)
	}
	return out
}

// ClearFaults removes the rules with these ids, or all.
func (s *Server) ClearFaults(ids ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = slices.DeleteFunc(s.faults, func(f *fault) bool { return len(ids) == 0 || slices.Contains(ids, f.ID) })
}

// matchFault finds the rule that fires for this call or event. Caller holds s.mu.
func (s *Server) matchFault(name, channel string) *fault {
	for _, f := range s.faults {
		if !f.matches(name, channel) || !f.until.IsZero() && !s.now().Before(f.until) {
			continue
		}
		f.Matched++
		if f.Matched <= f.Skip || f.Times > 0 && f.Fired >= f.Times || !s.dice(f) {
			continue
		}
		f.Fired++
		snapshot := *f
		return &snapshot
	}
	return nil
}

func (f *fault) matches(name, channel string) bool {
	if f.Channel != "" && f.Channel != channel {
		return false
	}
	if isEvent := len(name) > 6 && name[:6] == "event:"; isEvent && (len(f.Method) < 6 || f.Method[:6] != "event:") {
		return false // "*" means calls
	}
	ok, err := path.Match(f.Method, name)
	return err == nil && ok
}

// dice decides the n-th match of a rule from the seed alone, whatever else happens.
func (s *Server) dice(f *fault) bool {
	if f.Chance <= 0 || f.Chance >= 1 {
		return true
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d/%d/%d", s.opt.Seed, f.ID, f.Matched))
	return float64(binary.BigEndian.Uint64(sum[:])>>11)/float64(1<<53) < f.Chance
}

// preempts says that the request never takes effect.
func (f *fault) preempts() bool {
	switch f.Kind { //nolint:exhaustive // the others depend on After
	case FaultRateLimit, FaultBareLimit:
		return true
	case FaultDelay, FaultNeverShare:
		return false
	default:
		return !f.After
	}
}

// faultBefore plays what comes before the effect; false means the request is answered.
func (s *Server) faultBefore(w http.ResponseWriter, r *http.Request, f *fault) bool {
	switch {
	case f.Kind == FaultDelay && !f.After:
		return s.pause(r, f.Delay)
	case f.Kind == FaultRateLimit:
		retry := f.Retry
		if retry == 0 && !f.until.IsZero() {
			retry = int(math.Ceil(f.until.Sub(s.now()).Seconds()))
		}
		s.answer(w, &apiError{code: "ratelimited", retry: max(retry, 1)})
	case f.Kind == FaultBareLimit:
		writeJSON(w, http.StatusTooManyRequests, reply{"ok": false, "error": "ratelimited"})
	case f.After, f.Kind == FaultNeverShare:
		return true
	default:
		return s.spoil(w, f)
	}
	return false
}

// faultAfter plays what comes after the effect; false means the request is answered.
func (s *Server) faultAfter(w http.ResponseWriter, r *http.Request, f *fault) bool {
	switch {
	case !f.After, f.Kind == FaultNeverShare:
		return true
	case f.Kind == FaultDelay:
		return s.pause(r, f.Delay)
	}
	return s.spoil(w, f)
}

// spoil answers wrongly; false says that it did.
func (s *Server) spoil(w http.ResponseWriter, f *fault) bool {
	text := func(v, standard string) string {
		if v == "" {
			return standard
		}
		return v
	}
	switch f.Kind {
	case FaultLimitBody:
		writeJSON(w, http.StatusOK, reply{"ok": false, "error": text(f.Error, "ratelimited")})
	case FaultHTTP:
		status := f.Status
		if status == 0 {
			status = http.StatusBadGateway
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<!DOCTYPE html><html><body><h1>%d</h1><p>Something went wrong.</p></body></html>", status)
	case FaultDrop:
		panic(http.ErrAbortHandler) // net/http cuts the connection without a log line
	case FaultBlank:
		writeJSON(w, http.StatusOK, reply{"ok": false})
	case FaultError:
		writeJSON(w, http.StatusOK, reply{"ok": false, "error": text(f.Error, "internal_error")})
	default:
		return true
	}
	return false
}

// pause waits in real time; false when the client has gone meanwhile.
func (s *Server) pause(r *http.Request, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}
