package teamsfake

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"strconv"

	"parley/channels/emulator"
)

// This file of the Teams emulator makes a request of the bot fail on purpose: no response, a late one, an error, or
// garbage. If After is set, the request first has its effect, and only its response is lost. With such faults, tests
// check that the bot recovers, for example without posting a message twice.

// Faults that only this emulator has.
const (
	FaultReset   = emulator.FaultKind("reset")   // no response, and the connection ends with a TCP reset
	FaultGarbage = emulator.FaultKind("garbage") // 200 with a body that isn't JSON
)

// handleUnderFault responds to a request to which a fault applies. If f.After is set, the handler h runs first, and its
// response is dropped.
func (j *Journal) handleUnderFault(w *recorder, r *http.Request, f *emulator.Struck, h http.HandlerFunc) {
	if f.Kind == emulator.FaultDelay {
		j.handleDelayed(w, r, f, h)
		return
	}

	isRefusal := f.Kind == emulator.FaultRateLimit || f.Kind == emulator.FaultBareLimit // a refused request has no effect
	if f.After && !isRefusal {
		h(newBufferedResponse(), r)
	}

	switch f.Kind {
	case emulator.FaultRateLimit:
		Throttle(w, f.RetryAfter())
	case emulator.FaultBareLimit:
		Throttle(w, 0)
	case emulator.FaultDrop:
		panic(http.ErrAbortHandler) // net/http closes the connection without logging
	case FaultReset:
		// No response: Handle resets the connection after it has recorded the request.
	case FaultGarbage:
		writeGarbage(w)
	default:
		fail(w, f)
	}
}

// handleDelayed waits for the fault's delay and runs the handler. If f.After is set, it runs the handler at once and
// delays the response.
func (j *Journal) handleDelayed(w *recorder, r *http.Request, f *emulator.Struck, h http.HandlerFunc) {
	if !f.After {
		if emulator.DelayAnswer(r, f.Delay) {
			h(w, r)
		}
		return
	}

	response := newBufferedResponse()
	h(response, r)
	if emulator.DelayAnswer(r, f.Delay) {
		response.sendTo(w)
	}
}

func writeGarbage(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	w.Write([]byte("<html>OK"))
}

// fail responds with the fault's status. A 5xx without a code is an HTML page, as from a broken gateway. Other errors
// have the Bot Connector's format.
func fail(w http.ResponseWriter, f *emulator.Struck) {
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
	Refuse(w, status, cmp.Or(f.Code, "ServiceError"), "Injected.")
}

// Throttle responds 429. retry is the Retry-After header in seconds; 0 leaves it out.
func Throttle(w http.ResponseWriter, retry int) {
	if retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(retry))
	}
	Refuse(w, http.StatusTooManyRequests, "TooManyRequests", "API calls quota exceeded.")
}

// resetConnection ends a request's connection with a TCP reset.
func resetConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) //nolint:errcheck // closed next
	}
	conn.Close() //nolint:errcheck // an error doesn't matter: the connection is meant to break
}

// bufferedResponse is an http.ResponseWriter that keeps the response, to be dropped or sent later.
type bufferedResponse struct {
	header http.Header
	status int
	body   []byte
}

func newBufferedResponse() *bufferedResponse { return &bufferedResponse{header: http.Header{}} }

func (b *bufferedResponse) Header() http.Header { return b.header }

func (b *bufferedResponse) WriteHeader(status int) { b.status = status }

func (b *bufferedResponse) Write(p []byte) (int, error) {
	b.body = append(b.body, p...)
	return len(p), nil
}

// sendTo sends the response to the client.
func (b *bufferedResponse) sendTo(w http.ResponseWriter) {
	for k, v := range b.header {
		w.Header()[k] = v
	}
	w.WriteHeader(cmp.Or(b.status, http.StatusOK))
	w.Write(b.body)
}
