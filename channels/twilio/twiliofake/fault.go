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

// FaultKind is the way in which a request fails. The kinds differ in whether the request takes effect, because that is what a client
// can't see: after FaultDropBefore the message wasn't sent, after FaultDropAfter it was, and the client only sees a lost connection.
type FaultKind string

// Kinds of faults.
const (
	FaultCode        FaultKind = "code"         // no effect; the response has the error Code
	FaultThrottle    FaultKind = "throttle"     // no effect; the response is 429 with Retry-After
	FaultErrorBefore FaultKind = "error_before" // no effect; the response is a 500 error page
	FaultErrorAfter  FaultKind = "error_after"  // takes effect; the response is a 500 error page
	FaultDropBefore  FaultKind = "drop_before"  // no effect; the connection is closed
	FaultDropAfter   FaultKind = "drop_after"   // takes effect; the connection is closed
	FaultHang        FaultKind = "hang"         // no effect; no response until Close
	FaultTruncate    FaultKind = "truncate"     // takes effect; the response is cut in half
	FaultLate        FaultKind = "late"         // takes effect; the response waits for Until
	FaultFate        FaultKind = "fate"         // the message is accepted; it fails later with the error Code
)

// Fault makes requests to the API fail. For example, this one makes the next two attempts to send a message fail with error 20429:
//
//	Fault{Route: "POST /Messages", Kind: FaultCode, Code: 20429, Times: 2}
type Fault struct {
	Route  string          `json:"route,omitempty"` // the method and a part of the path; "" matches every request
	Kind   FaultKind       `json:"kind"`
	Code   int             `json:"code,omitempty"`   // FaultCode, FaultFate: Twilio's error code
	Status int             `json:"status,omitempty"` // FaultCode: the HTTP status; 0 means 400
	Wait   time.Duration   `json:"wait,omitempty"`   // FaultThrottle: Retry-After; in JSON nanoseconds
	Until  <-chan struct{} `json:"-"`                // FaultLate: the response is sent when it is closed
	Times  int             `json:"times,omitempty"`  // 0 means once; a negative number means always
}

// faults is the set of armed faults.
type faults struct{ *emulator.FaultSet[Fault] }

// AddFault arms a fault and returns its id. If several match a request, the oldest is used.
func (p *faults) AddFault(f Fault) string {
	return p.FaultSet.Add(f, emulator.FaultRule{Times: f.Times})
}

// takeAnswerFault uses up the oldest matching fault that changes the response to a request. Without one, it returns the zero Fault.
func (p *faults) takeAnswerFault(r *http.Request) Fault {
	hit, _ := p.FaultSet.First(func(f Fault) bool { return f.Kind != FaultFate && f.isAbout(r) })
	return hit.Fault
}

// takeFate uses up the oldest matching FaultFate for a request that sends a message. Without one, it returns the zero Fault.
func (p *faults) takeFate(r *http.Request) Fault {
	hit, _ := p.FaultSet.First(func(f Fault) bool { return f.Kind == FaultFate && f.isAbout(r) })
	return hit.Fault
}

// isAbout reports whether a request matches the fault's Route.
func (f Fault) isAbout(r *http.Request) bool {
	if f.Route == "" {
		return true
	}
	method, path, _ := strings.Cut(f.Route, " ")
	return r.Method == method && strings.Contains(r.URL.Path, path)
}

// recorder buffers a response, so that a fault can change it before it is sent.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

const (
	mostRequests = 10_000  // how many requests are kept for tests; when there are more, the older half is dropped
	maxBody      = 1 << 20 // the maximum size of a request's body, in bytes
)

// withFaults wraps the API. It applies armed faults and records each request that took effect.
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

// keepRequest records a request and its response for tests.
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

// answerWithFault sends the buffered response of a request that took effect. The fault may change or suppress it.
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

// playInstead applies a fault that prevents a request from taking effect. It reports whether f is one, and so has responded to the
// request.
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
