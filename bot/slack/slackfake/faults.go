package slackfake

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"

	"parley/channels/emulator"
)

// A test injects faults to see how the app copes with Slack's failures: an answer that is lost or late, a rate
// limit, an event that comes twice. A fault strikes the calls or events that its Method names. Package
// channels/emulator chooses which; this file carries the faults of HTTP calls out.

// Fault is one rule of what goes wrong. Method names what it strikes: a Web API method (chat.postMessage,
// chat.*), "upload", "download", "response_url", or an event ("event:message.channels", "event:*").
type Fault = emulator.Fault

// FaultKind is what goes wrong.
type FaultKind = emulator.FaultKind

// Faults of Web API calls, uploads, downloads and response URLs. For events, FaultDrop cuts the
// socket before the acknowledgement counts.
const (
	FaultDelay      = emulator.FaultDelay
	FaultRateLimit  = emulator.FaultRateLimit
	FaultBareLimit  = emulator.FaultBareLimit
	FaultHTTP       = emulator.FaultHTTP
	FaultDrop       = emulator.FaultDrop
	FaultLimitBody  = FaultKind("limit_body") // 200 with ok:false ratelimited (or Error)
	FaultBlank      = FaultKind("blank")      // 200 ok:false without an error
	FaultError      = FaultKind("error")      // 200 ok:false with Error (default internal_error)
	FaultNeverShare = FaultKind("no_share")   // files.completeUploadExternal answers ok, nothing is posted
)

// Faults of events; FaultDelay and FaultDrop apply too.
const (
	FaultDuplicate = emulator.FaultDuplicate
	FaultReorder   = emulator.FaultReorder
	FaultLose      = emulator.FaultLose
)

// hasNoEffect reports whether a fault keeps the request from taking effect, rather than spoiling the answer.
func hasNoEffect(f *emulator.Struck) bool {
	switch f.Kind {
	case FaultRateLimit, FaultBareLimit:
		return true
	case FaultDelay, FaultNeverShare:
		return false
	default:
		return !f.After
	}
}

// runFaultBefore plays what a fault does before the call takes effect. It returns false if the request is
// answered by that; the call must not take effect then.
func runFaultBefore(w http.ResponseWriter, r *http.Request, f *emulator.Struck) bool {
	switch {
	case f.Kind == FaultDelay && !f.After:
		return emulator.DelayAnswer(r, f.Delay)
	case f.Kind == FaultRateLimit:
		answerLater(w, "ratelimited", f.RetryAfter())
	case f.Kind == FaultBareLimit:
		emulator.WriteJSON(w, http.StatusTooManyRequests, reply{"ok": false, "error": "ratelimited"})
	case f.After, f.Kind == FaultNeverShare:
		return true
	default:
		return answerWrongly(w, f)
	}
	return false
}

// runFaultAfter plays what a fault does after the call has taken effect. It returns false if the request is
// answered by that.
func runFaultAfter(w http.ResponseWriter, r *http.Request, f *emulator.Struck) bool {
	if !f.After || f.Kind == FaultNeverShare {
		return true
	}
	if f.Kind == FaultDelay {
		return emulator.DelayAnswer(r, f.Delay)
	}
	return answerWrongly(w, f)
}

// answerWrongly writes the wrong answer that a fault asks for, or cuts the connection. It returns true if the
// fault asks for none: then the caller has to answer.
func answerWrongly(w http.ResponseWriter, f *emulator.Struck) bool {
	switch f.Kind {
	case FaultLimitBody:
		emulator.WriteJSON(w, http.StatusOK, reply{"ok": false, "error": cmp.Or(f.Error, "ratelimited")})
	case FaultHTTP:
		status := cmp.Or(f.Status, http.StatusBadGateway)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<!DOCTYPE html><html><body><h1>%d</h1><p>Something went wrong.</p></body></html>", status)
	case FaultDrop:
		panic(http.ErrAbortHandler) // net/http cuts the connection without a log line
	case FaultBlank:
		emulator.WriteJSON(w, http.StatusOK, reply{"ok": false})
	case FaultError:
		emulator.WriteJSON(w, http.StatusOK, reply{"ok": false, "error": cmp.Or(f.Error, "internal_error")})
	default:
		return true
	}

	return false
}

// answerLater asks the app to call again after some seconds.
func answerLater(w http.ResponseWriter, code string, seconds int) {
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	emulator.WriteJSON(w, http.StatusTooManyRequests, reply{"ok": false, "error": code})
}
