package slackfake

import (
	"fmt"
	"net/http"
	"time"

	"parley/bot/chatfake"
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

// Rule says what the fault strikes.
func (f Fault) Rule() chatfake.Rule {
	return chatfake.Rule{Method: f.Method, Channel: f.Channel, Skip: f.Skip, Times: f.Times, Chance: f.Chance, For: f.For}
}

// Counted is the fault with its id and counters.
func (f Fault) Counted(id, matched, fired int) Fault {
	f.ID, f.Matched, f.Fired = id, matched, fired
	return f
}

// fault is a Fault that strikes, with its end.
type fault struct {
	Fault
	until time.Time
}

// Inject adds a rule and returns its id.
func (s *Server) Inject(f Fault) int { return s.faults.Add(f, s.now()) }

// Faults lists the rules with their counters.
func (s *Server) Faults() []Fault { return s.faults.List() }

// ClearFaults removes the rules with these ids, or all.
func (s *Server) ClearFaults(ids ...int) { s.faults.Clear(ids...) }

// matchFault finds the fault that strikes this call or event, or nil.
func (s *Server) matchFault(name, channel string) *fault {
	f, until, ok := s.faults.Strike(name, channel, s.now())
	if !ok {
		return nil
	}
	return &fault{Fault: f, until: until}
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
		return chatfake.Pause(r, f.Delay)
	case f.Kind == FaultRateLimit:
		s.answer(w, &apiError{code: "ratelimited", retry: chatfake.RetryAfter(f.Retry, f.until, s.now())})
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
		return chatfake.Pause(r, f.Delay)
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
