package calls

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"strconv"

	"parley/channels/emulator"
)

// Faults of calls that only this emulator has.
const (
	FaultReset   = emulator.FaultKind("reset")   // no answer, and the connection ends with a TCP reset
	FaultGarbage = emulator.FaultKind("garbage") // 200 with a body that is no JSON
)

// handleUnderFault answers a call that a fault strikes. With f.After the handler runs all the same, so that what it does stays done: its
// answer is lost, or comes late if the fault is a delay. A call that is refused because of a limit never runs.
func (j *Journal) handleUnderFault(w *recorder, r *http.Request, f *emulator.Struck, h http.HandlerFunc) {
	if f.Kind == emulator.FaultDelay {
		j.handleDelayed(w, r, f, h)
		return
	}

	isRefusal := f.Kind == emulator.FaultRateLimit || f.Kind == emulator.FaultBareLimit // a refused call never has effects
	if f.After && !isRefusal {
		h(newBufferedResponse(), r)
	}

	switch f.Kind {
	case emulator.FaultRateLimit:
		Throttle(w, f.RetryAfter())
	case emulator.FaultBareLimit:
		Throttle(w, 0)
	case emulator.FaultDrop:
		panic(http.ErrAbortHandler) // net/http cuts the connection without a log line
	case FaultReset:
		// Nothing is answered: Handle resets the connection (resetConnection) once the call stands in the journal.
	case FaultGarbage:
		writeGarbage(w)
	default:
		fail(w, f)
	}
}

// handleDelayed runs a handler after the fault's delay. With f.After the handler runs at once, and its answer is delayed.
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

// fail answers with the fault's status: as a page of HTML where a server would fail without naming a code, else as the Bot
// Connector does.
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

// Throttle answers 429; retry 0 leaves Retry-After out.
func Throttle(w http.ResponseWriter, retry int) {
	if retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(retry))
	}
	Refuse(w, http.StatusTooManyRequests, "TooManyRequests", "API calls quota exceeded.")
}

// resetConnection ends the connection of a call with a TCP reset.
func resetConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) //nolint:errcheck // closed next
	}
	conn.Close() //nolint:errcheck // that is the fault
}

// bufferedResponse is a handler's answer that the client doesn't get, or gets later.
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

// sendTo sends the answer to the client after all.
func (b *bufferedResponse) sendTo(w http.ResponseWriter) {
	for k, v := range b.header {
		w.Header()[k] = v
	}
	w.WriteHeader(cmp.Or(b.status, http.StatusOK))
	w.Write(b.body)
}
