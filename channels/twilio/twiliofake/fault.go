package twiliofake

import (
	"bytes"
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
	FaultFate        FaultKind = "fate"         // taken, but fails later with Code: a status, not an answer
)

// Fault is something that goes wrong at Twilio.
type Fault struct {
	Route  string // "POST /Messages": method and a part of the path; "" = everything
	Kind   FaultKind
	Code   int           // FaultCode, FaultFate
	Status int           // FaultCode; 0 = 400
	Wait   time.Duration // FaultThrottle
	Until  <-chan struct{}
	Times  int // 0 = once, < 0 = always
}

// faults are the armed faults.
type faults struct{ *emulator.FaultSet[Fault] }

// AddFault arms a fault; the oldest that fits strikes first.
func (p *faults) AddFault(f Fault) { p.FaultSet.Add(f, emulator.FaultRule{Times: f.Times}) }

// strike takes the fault for a request; fates are told apart.
func (p *faults) strike(r *http.Request, fate bool) Fault {
	hit, _ := p.FaultSet.First(func(f Fault) bool {
		method, path, _ := strings.Cut(f.Route, " ")
		return (f.Kind == FaultFate) == fate && (f.Route == "" || r.Method == method && strings.Contains(r.URL.Path, path))
	})
	return hit.Fault
}

// recorder keeps an answer until it is certain that it is given.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

// faulty lets faults strike around the API and records its calls.
func (a *webAPI) faulty(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			refuse(w, http.StatusRequestEntityTooLarge, 20413, "Payload too large")
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		f := a.faults.strike(r, false)
		if a.before(w, f) {
			return
		}
		rec := &recorder{header: http.Header{}, status: http.StatusOK}
		next.ServeHTTP(rec, r)
		a.mu.Lock()
		a.requests = append(a.requests, Request{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, ContentType: r.Header.Get("Content-Type"),
			Body: body, Status: rec.status, Answer: bytes.Clone(rec.body.Bytes())})
		if len(a.requests) > 10_000 {
			a.requests = slices.Clone(a.requests[5_000:])
		}
		a.mu.Unlock()
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
		}
		for k, v := range rec.header {
			w.Header()[k] = v
		}
		out := rec.body.Bytes()
		if f.Kind == FaultTruncate {
			out = out[:len(out)/2]
		}
		w.WriteHeader(rec.status)
		_, _ = w.Write(out)
	})
}

// before plays the faults that keep a request from having an effect.
func (a *webAPI) before(w http.ResponseWriter, f Fault) bool {
	switch f.Kind {
	case FaultCode:
		status := f.Status
		if status == 0 {
			status = http.StatusBadRequest
		}
		refuse(w, status, f.Code, "Injected")
	case FaultThrottle:
		w.Header().Set("Retry-After", strconv.FormatFloat(f.Wait.Seconds(), 'f', -1, 64))
		refuse(w, http.StatusTooManyRequests, 20429, "Too Many Requests")
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
