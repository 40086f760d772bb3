package teamsfake

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"parley/bot/chatfake"
)

// FaultKind is what goes wrong.
type FaultKind string

// Faults of the bot's calls.
const (
	FaultDelay     FaultKind = "delay"     // answer after Delay
	FaultRateLimit FaultKind = "ratelimit" // 429 with Retry-After
	FaultBareLimit FaultKind = "bare_429"  // 429 without Retry-After
	FaultHTTP      FaultKind = "http"      // Status (default 502) with Code; without a code from 500 on an HTML page
	FaultDrop      FaultKind = "drop"      // close the connection without an answer
	FaultReset     FaultKind = "reset"     // the same with a TCP reset
	FaultGarbage   FaultKind = "garbage"   // 200 with a body that is no JSON
)

// Faults of what is sent to the bot (Method "event:<type>", such as "event:message",
// "event:messageUpdate", "event:invoke" or "event:*"); FaultDelay and FaultDrop apply too: the
// second delivers, and takes the answer for lost. Invokes are not reordered.
const (
	FaultDuplicate FaultKind = "duplicate"
	FaultReorder   FaultKind = "reorder" // the next activity overtakes it
	FaultLose      FaultKind = "lose"
)

// Fault is one rule. The first rule that matches and fires wins.
type Fault struct {
	ID      int           `json:"id"`
	Method  string        `json:"method"` // glob: activities.send, graph.*, event:*, * (all calls)
	Channel string        `json:"channel,omitempty"`
	Kind    FaultKind     `json:"kind"`
	After   bool          `json:"after,omitempty"`   // take effect first, then fail (not for limits)
	Skip    int           `json:"skip,omitempty"`    // matching calls to let through first
	Times   int           `json:"times,omitempty"`   // how often it fires; 0 = until cleared
	Chance  float64       `json:"chance,omitempty"`  // 0 = always; decided by Options.Seed
	For     time.Duration `json:"for,omitempty"`     // from injection, by Teams' clock; 0 = for ever
	Delay   time.Duration `json:"delay,omitempty"`   // in JSON nanoseconds; in real time
	Retry   int           `json:"retry,omitempty"`   // Retry-After, seconds; default what is left of For, or 1
	Status  int           `json:"status,omitempty"`  // of FaultHTTP
	Code    string        `json:"code,omitempty"`    // of FaultHTTP, such as PreconditionFailed
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

// spoilt runs a handler under a fault.
func (s *Server) spoilt(w *recorder, r *http.Request, f *fault, h http.HandlerFunc) {
	switch {
	case f.Kind == FaultDelay && f.After:
		unseen := &hidden{header: http.Header{}}
		h(unseen, r)
		if chatfake.Pause(r, f.Delay) {
			unseen.replay(w)
		}
		return
	case f.Kind == FaultDelay:
		if chatfake.Pause(r, f.Delay) {
			h(w, r)
		}
		return
	case f.After && f.Kind != FaultRateLimit && f.Kind != FaultBareLimit:
		h(&hidden{header: http.Header{}}, r)
	}
	switch f.Kind {
	case FaultRateLimit:
		throttle(w, chatfake.RetryAfter(f.Retry, f.until, s.now()))
	case FaultBareLimit:
		throttle(w, 0)
	case FaultDrop:
		panic(http.ErrAbortHandler) // net/http cuts the connection without a log line
	case FaultReset: // call cuts the connection
	case FaultGarbage:
		garbage(w)
	default:
		fail(w, f)
	}
}

func garbage(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	w.Write([]byte("<html>OK"))
}

// fail answers with the fault's status.
func fail(w http.ResponseWriter, f *fault) {
	status := cmp.Or(f.Status, http.StatusBadGateway)
	if f.Code == "" && status >= http.StatusInternalServerError {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<!DOCTYPE html><html><body><h1>%d</h1></body></html>", status)
		return
	}
	if f.Retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.Retry))
	}
	refuse(w, status, cmp.Or(f.Code, "ServiceError"), "Injected.")
}

// throttle answers 429; retry 0 leaves Retry-After out.
func throttle(w http.ResponseWriter, retry int) {
	if retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(retry))
	}
	refuse(w, http.StatusTooManyRequests, "TooManyRequests", "API calls quota exceeded.")
}

// cut ends the connection with a reset.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) //nolint:errcheck // closed next
	}
	conn.Close() //nolint:errcheck // that is the fault
}

// hidden takes an answer that the client does not get, or gets later.
type hidden struct {
	header http.Header
	status int
	body   []byte
}

func (h *hidden) Header() http.Header { return h.header }

func (h *hidden) WriteHeader(status int) { h.status = status }

func (h *hidden) Write(b []byte) (int, error) {
	h.body = append(h.body, b...)
	return len(b), nil
}

func (h *hidden) replay(w http.ResponseWriter) {
	for k, v := range h.header {
		w.Header()[k] = v
	}
	w.WriteHeader(cmp.Or(h.status, http.StatusOK))
	w.Write(h.body)
}
