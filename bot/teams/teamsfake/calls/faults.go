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
	FaultReset   = emulator.FaultKind("reset")   // like emulator.FaultDrop, with a TCP reset
	FaultGarbage = emulator.FaultKind("garbage") // 200 with a body that is no JSON
)

// handleUnderFault runs a handler under a fault.
func (j *Journal) handleUnderFault(w *recorder, r *http.Request, f *emulator.Struck, h http.HandlerFunc) {
	if f.Kind == emulator.FaultDelay {
		j.handleDelayed(w, r, f, h)
		return
	}

	isLimit := f.Kind == emulator.FaultRateLimit || f.Kind == emulator.FaultBareLimit // a refused call does nothing
	if f.After && !isLimit {
		h(&hidden{header: http.Header{}}, r)
	}

	switch f.Kind {
	case emulator.FaultRateLimit:
		Throttle(w, f.RetryAfter())
	case emulator.FaultBareLimit:
		Throttle(w, 0)
	case emulator.FaultDrop:
		panic(http.ErrAbortHandler) // net/http cuts the connection without a log line
	case FaultReset:
		// Nothing is written: who called this cuts the connection.
	case FaultGarbage:
		writeGarbage(w)
	default:
		fail(w, f)
	}
}

// handleDelayed runs a handler late or, with f.After, at once, and then holds its answer back.
func (j *Journal) handleDelayed(w *recorder, r *http.Request, f *emulator.Struck, h http.HandlerFunc) {
	if !f.After {
		if emulator.Pause(r, f.Delay) {
			h(w, r)
		}
		return
	}
	unseen := &hidden{header: http.Header{}}
	h(unseen, r)
	if emulator.Pause(r, f.Delay) {
		unseen.sendTo(w)
	}
}

func writeGarbage(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	w.Write([]byte("<html>OK"))
}

// fail answers with the fault's status.
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

// sendTo gives the answer to the client after all.
func (h *hidden) sendTo(w http.ResponseWriter) {
	for k, v := range h.header {
		w.Header()[k] = v
	}
	w.WriteHeader(cmp.Or(h.status, http.StatusOK))
	w.Write(h.body)
}
