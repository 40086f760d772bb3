package oauthfake

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"parley/channels/emulator"
)

// FaultKind is a kind of fault at the token endpoint.
type FaultKind string

// The kinds of faults.
const (
	FaultRefuse    FaultKind = "refuse"     // responds with Status and Code; the request has no effect
	FaultHang      FaultKind = "hang"       // no response until the faults are cleared
	FaultDropAfter FaultKind = "drop_after" // takes effect, but the connection is closed without a response
)

// Fault is a fault at the token endpoint that a test injects.
type Fault struct {
	Kind   FaultKind
	Grant  string        // "authorization_code" or "refresh_token"; "" means both
	Status int           // of FaultRefuse; 0 means 400
	Code   string        // of FaultRefuse, such as "invalid_grant"; "" responds with an HTML page
	Wait   time.Duration // of FaultRefuse: the Retry-After header; 0 sends none
	Times  int           // how many requests it affects; 0 means one, a negative number all
}

// AddFault injects a fault into the next requests. It returns the fault's ID for WaitFault.
func (s *Server) AddFault(f Fault) string {
	return s.FaultSet.Add(f, emulator.FaultRule{Times: f.Times})
}

// faultEffect is what a fault leaves to the handler of a request.
type faultEffect int

const (
	noEffect      faultEffect = iota // handle the request as if there were no fault
	wasAnswered                      // do nothing: the response was sent
	dropsResponse                    // perform the request, then close the connection without a response
)

// injectFault applies the fault that is due for a request, if any.
func (s *Server) injectFault(w http.ResponseWriter, r *http.Request, grant string) faultEffect {
	hits := s.Strike(func(f Fault) bool { return f.Grant == "" || f.Grant == grant })
	if len(hits.List) == 0 {
		return noEffect
	}

	f := hits.List[0]
	switch f.Kind {
	case FaultDropAfter:
		return dropsResponse
	case FaultHang:
		hits.Hold(0, r.Context().Done(), s.Context().Done())
		if r.Context().Err() != nil || s.Context().Err() != nil {
			panic(http.ErrAbortHandler)
		}
		return noEffect
	case FaultRefuse: // below
	}

	f.Status = cmp.Or(f.Status, http.StatusBadRequest)
	if f.Wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.Wait.Seconds())))
	}

	if f.Code == "" {
		http.Error(w, "<h1>"+http.StatusText(f.Status)+"</h1>", f.Status)
	} else {
		s.refuse(w, refusal{f.Status, f.Code, "A fault of the emulator."})
	}

	return wasAnswered
}

// refuse responds with an error in the provider's format (RFC 6749, section 5.2).
func (s *Server) refuse(w http.ResponseWriter, r refusal) {
	body := map[string]any{"error": r.code, "error_description": r.text}
	if s.opts.Provider == Microsoft {
		now := s.clock().UTC().Format("2006-01-02 15:04:05Z")
		body["error_description"] = r.text + " Trace ID: 0e2b6c11-0000-4000-8000-5d1e0f3c7b00 " +
			"Correlation ID: 2f1c5e80-0000-4000-8000-3b1e6a9d4c00 Timestamp: " + now
		body["timestamp"] = now
	}
	writeJSON(w, r.status, body)
}

// writeJSON responds with JSON that must not be cached.
func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may have disconnected
}
