package slackfake

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"

	"parley/channels/emulator"
)

// Tests inject faults into the emulated Slack, to check how the app handles failures: a lost or delayed response, a rate
// limit, a duplicated event. For example, Fault{Method: "chat.postMessage", Kind: FaultDrop, After: true} posts a message
// but cuts the connection instead of responding. Package channels/emulator chooses the calls that a fault affects. This file
// applies the faults to HTTP requests.

// Fault is a rule for injecting failures. Method selects what it affects: a Web API method ("chat.postMessage", "chat.*"),
// "upload", "download", "response_url", or an event ("event:message.channels", "event:*").
type Fault = emulator.Fault

// FaultKind is the kind of failure.
type FaultKind = emulator.FaultKind

// Faults of Web API calls, uploads, downloads and response URLs. For an event, FaultDrop cuts the socket before the
// acknowledgement arrives.
const (
	FaultDelay      = emulator.FaultDelay
	FaultRateLimit  = emulator.FaultRateLimit
	FaultBareLimit  = emulator.FaultBareLimit
	FaultHTTP       = emulator.FaultHTTP
	FaultDrop       = emulator.FaultDrop
	FaultLimitBody  = FaultKind("limit_body") // 200 with ok:false ratelimited (or Error)
	FaultBlank      = FaultKind("blank")      // 200 ok:false without an error
	FaultError      = FaultKind("error")      // 200 ok:false with Error (default internal_error)
	FaultNeverShare = FaultKind("no_share")   // files.completeUploadExternal succeeds, but nothing is posted
)

// Faults of events, besides FaultDelay and FaultDrop.
const (
	FaultDuplicate = emulator.FaultDuplicate
	FaultReorder   = emulator.FaultReorder
	FaultLose      = emulator.FaultLose
)

// hasNoEffect reports whether a fault prevents the request from taking effect. Other faults only affect its response.
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

// runFaultBefore applies a fault before the call is performed. If it returns false, it has written the response, and the call
// must not be performed.
func runFaultBefore(w http.ResponseWriter, r *http.Request, f *emulator.Struck) bool {
	switch {
	case f.Kind == FaultDelay && !f.After:
		return emulator.DelayAnswer(r, f.Delay)
	case f.Kind == FaultRateLimit:
		answerLater(w, "ratelimited", f.RetryAfter())
	case f.Kind == FaultBareLimit:
		emulator.WriteJSON(w, http.StatusTooManyRequests, Reply{"ok": false, "error": "ratelimited"})
	case f.After, f.Kind == FaultNeverShare:
		return true
	default:
		return answerWrongly(w, f)
	}
	return false
}

// runFaultAfter applies a fault after the call was performed. If it returns false, it has written the response.
func runFaultAfter(w http.ResponseWriter, r *http.Request, f *emulator.Struck) bool {
	if !f.After || f.Kind == FaultNeverShare {
		return true
	}
	if f.Kind == FaultDelay {
		return emulator.DelayAnswer(r, f.Delay)
	}
	return answerWrongly(w, f)
}

// answerWrongly writes the faulty response of a fault, or cuts the connection. It returns true if the fault has no response
// of its own, so that the caller must respond.
func answerWrongly(w http.ResponseWriter, f *emulator.Struck) bool {
	switch f.Kind {
	case FaultLimitBody:
		emulator.WriteJSON(w, http.StatusOK, Reply{"ok": false, "error": cmp.Or(f.Error, "ratelimited")})
	case FaultHTTP:
		status := cmp.Or(f.Status, http.StatusBadGateway)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<!DOCTYPE html><html><body><h1>%d</h1><p>Something went wrong.</p></body></html>", status)
	case FaultDrop:
		panic(http.ErrAbortHandler) // net/http cuts the connection without a log line
	case FaultBlank:
		emulator.WriteJSON(w, http.StatusOK, Reply{"ok": false})
	case FaultError:
		emulator.WriteJSON(w, http.StatusOK, Reply{"ok": false, "error": cmp.Or(f.Error, "internal_error")})
	default:
		return true
	}

	return false
}

// answerLater writes the response for a rate limit that ends after some seconds.
func answerLater(w http.ResponseWriter, code string, seconds int) {
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	emulator.WriteJSON(w, http.StatusTooManyRequests, Reply{"ok": false, "error": code})
}
