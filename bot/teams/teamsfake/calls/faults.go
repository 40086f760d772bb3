package calls

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"strconv"

	"parley/channels/emulator"
)

// A fault makes a call of the bot fail on purpose: no answer, a late one, an error or garbage. With After set, the
// call first has its effect and only its answer is lost. So tests see whether the bot copes, for example without
// posting twice.

// Faults of calls that only this emulator has.
const (
	FaultReset   = emulator.FaultKind("reset")   // no answer, and the connection ends with a TCP reset
	FaultGarbage = emulator.FaultKind("garbage") // 200 with a body that is no JSON
)

// handleUnderFault answers a call to which a fault applies. If f.After is set, the handler h runs first, and its
// answer is dropped. That doesn't apply to refusals because of a limit: a refused call never has an effect.
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

// handleDelayed waits for the fault's delay and runs the handler. If f.After is set, it runs the handler at once, and
// delays the answer.
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

// fail answers with the fault's status. A 5xx without a code is a page of HTML, as from a broken gateway; any other
// is in the Bot Connector's form.
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

// Throttle answers 429. retry is the Retry-After header in seconds; 0 leaves it out.
func Throttle(w http.ResponseWriter, retry int) {
	if retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(retry))
	}
	Refuse(w, http.StatusTooManyRequests, "TooManyRequests", "API calls quota exceeded.")
}

// resetConnection ends a call's connection with a TCP reset.
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

// bufferedResponse keeps the answer of a handler, to be dropped or sent later.
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
