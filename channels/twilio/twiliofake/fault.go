package twiliofake

import (
	"bytes"
	"cmp"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/channels/emulator"
)

// FaultKind says what goes wrong.
type FaultKind string

// Kinds of faults.
const (
	FaultCode        FaultKind = "code"         // refused with Code
	FaultThrottle    FaultKind = "throttle"     // 429 with Retry-After
	FaultErrorBefore FaultKind = "error_before" // 500 as a page, nothing was done
	FaultErrorAfter  FaultKind = "error_after"  // 500 as a page, it was done
	FaultDropBefore  FaultKind = "drop_before"  // the connection ends, nothing was done
	FaultDropAfter   FaultKind = "drop_after"   // the connection ends, it was done
	FaultHang        FaultKind = "hang"         // no answer until Close, nothing was done
	FaultTruncate    FaultKind = "truncate"     // half of the answer, it was done
	FaultLate        FaultKind = "late"         // the answer waits for Until, it was done
	FaultFate        FaultKind = "fate"         // the message is taken; a later status says that it failed with Code
)

// Fault is something that goes wrong, as it does at Twilio now and then: which calls of the API it strikes, how often, and what happens.
type Fault struct {
	Route  string          `json:"route,omitempty"` // "POST /Messages": method and a part of the path; "" means everything
	Kind   FaultKind       `json:"kind"`
	Code   int             `json:"code,omitempty"`   // FaultCode, FaultFate
	Status int             `json:"status,omitempty"` // FaultCode; 0 means 400
	Wait   time.Duration   `json:"wait,omitempty"`   // FaultThrottle; in JSON nanoseconds
	Until  <-chan struct{} `json:"-"`                // FaultLate: the answer is given once it is closed
	Times  int             `json:"times,omitempty"`  // 0 means once, < 0 means always
}

// faults are the armed faults.
type faults struct{ *emulator.FaultSet[Fault] }

// AddFault arms a fault and returns its id. Of several for one request, the oldest strikes first.
func (p *faults) AddFault(f Fault) string {
	return p.FaultSet.Add(f, emulator.FaultRule{Times: f.Times})
}

// takeAnswerFault uses up the oldest fault that changes how a request is answered. It returns the zero Fault if none fits.
func (p *faults) takeAnswerFault(r *http.Request) Fault {
	hit, _ := p.FaultSet.First(func(f Fault) bool { return f.Kind != FaultFate && f.isAbout(r) }) // without one, hit is zero
	return hit.Fault
}

// takeFate uses up the oldest FaultFate that fits a request for a message. It returns the zero Fault if none fits.
func (p *faults) takeFate(r *http.Request) Fault {
	hit, _ := p.FaultSet.First(func(f Fault) bool { return f.Kind == FaultFate && f.isAbout(r) }) // without one, hit is zero
	return hit.Fault
}

// isAbout reports whether a request has the fault's Route.
func (f Fault) isAbout(r *http.Request) bool {
	if f.Route == "" {
		return true
	}
	method, path, _ := strings.Cut(f.Route, " ")
	return r.Method == method && strings.Contains(r.URL.Path, path)
}

// recorder keeps an answer, because a fault decides afterwards how much of it is given.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

const (
	mostRequests = 10_000  // the latest requests that are kept for tests to read; half of them go when there are more
	maxBody      = 1 << 20 // bytes of a request; Twilio's own are a few kilobytes
)

// withFaults wraps the API: it plays the armed faults and records each request that had an effect.
func (a *webAPI) withFaults(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			refuse(w, http.StatusRequestEntityTooLarge, codeTooLarge, "Payload too large")
			return
		}

		r.Body = io.NopCloser(bytes.NewReader(body))
		f := a.faults.takeAnswerFault(r)
		if a.playInstead(w, f) {
			return
		}

		rec := &recorder{header: http.Header{}, status: http.StatusOK}
		next.ServeHTTP(rec, r)
		a.keepRequest(r, body, rec)
		a.answerWithFault(w, rec, f)
	})
}

// keepRequest keeps a request and its answer, for tests.
func (a *webAPI) keepRequest(r *http.Request, body []byte, rec *recorder) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests = append(a.requests, Request{
		Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery,
		ContentType: r.Header.Get("Content-Type"), Body: body,
		Status: rec.status, Answer: bytes.Clone(rec.body.Bytes()),
	})
	if len(a.requests) > mostRequests {
		a.requests = slices.Clone(a.requests[mostRequests/2:])
	}
}

// answerWithFault gives a recorded answer, spoiled by a fault that strikes when the work is done.
func (a *webAPI) answerWithFault(w http.ResponseWriter, rec *recorder, f Fault) {
	out := rec.body.Bytes()
	switch f.Kind {
	case FaultErrorAfter:
		http.Error(w, "<h1>Server Error</h1>", http.StatusInternalServerError)
		return
	case FaultDropAfter:
		panic(http.ErrAbortHandler)
	case FaultLate:
		select {
		case <-f.Until:
		case <-a.api.Context().Done():
			panic(http.ErrAbortHandler)
		}
	case FaultTruncate:
		out = out[:len(out)/2]
	}

	for k, v := range rec.header {
		w.Header()[k] = v
	}
	w.WriteHeader(rec.status)
	_, _ = w.Write(out) // the client may have gone
}

// playInstead plays a fault that keeps a request from having an effect. It returns true if it has answered the request, and
// false if f isn't such a fault.
func (a *webAPI) playInstead(w http.ResponseWriter, f Fault) bool {
	switch f.Kind {
	case FaultCode:
		refuse(w, cmp.Or(f.Status, http.StatusBadRequest), f.Code, "Injected")
	case FaultThrottle:
		w.Header().Set("Retry-After", strconv.FormatFloat(f.Wait.Seconds(), 'f', -1, 64))
		refuse(w, http.StatusTooManyRequests, codeTooMany, "Too Many Requests")
	case FaultErrorBefore:
		http.Error(w, "<h1>Server Error</h1>", http.StatusInternalServerError)
	case FaultDropBefore:
		panic(http.ErrAbortHandler)
	case FaultHang:
		<-a.api.Context().Done()
		panic(http.ErrAbortHandler)
	default:
		return false
	}

	return true
}
