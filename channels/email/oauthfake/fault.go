package oauthfake

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"parley/channels/emulator"
)

// FaultKind says what goes wrong when tokens are asked for.
type FaultKind string

// Kinds of faults.
const (
	FaultRefuse    FaultKind = "refuse"     // answered with Status and Code; nothing was done
	FaultHang      FaultKind = "hang"       // no answer until the faults are cleared
	FaultDropAfter FaultKind = "drop_after" // the connection ends; it was done
)

// Fault is something that goes wrong at the token endpoint.
type Fault struct {
	Kind   FaultKind
	Grant  string // authorization_code or refresh_token; "" = both
	Status int    // FaultRefuse; 0 = 400
	Code   string // FaultRefuse: "invalid_grant"; "" = a page without one
	Wait   time.Duration
	Times  int // 0 = once, < 0 = always
}

// AddFault arms a fault and gives its id, for WaitFault.
func (s *Server) AddFault(f Fault) string {
	return s.FaultSet.Add(f, emulator.FaultRule{Times: f.Times})
}

// playFault plays the fault that strikes a request. ok is false if the request is answered, without an effect. With losesAnswer
// it must take effect, and the connection must end then.
func (s *Server) playFault(w http.ResponseWriter, r *http.Request, grant string) (losesAnswer, ok bool) {
	hits := s.Strike(func(f Fault) bool { return f.Grant == "" || f.Grant == grant })
	if len(hits.List) == 0 {
		return false, true
	}

	f := hits.List[0]
	switch f.Kind {
	case FaultDropAfter:
		return true, true
	case FaultHang:
		hits.Hold(0, r.Context().Done(), s.Context().Done())
		if r.Context().Err() != nil || s.Context().Err() != nil {
			panic(http.ErrAbortHandler)
		}
		return false, true
	default:
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

	return false, false
}

// refuse answers as the provider words a refusal (RFC 6749, section 5.2).
func (s *Server) refuse(w http.ResponseWriter, no refusal) {
	body := map[string]any{"error": no.code, "error_description": no.text}
	if s.opts.Provider == Microsoft {
		now := s.clock().UTC().Format("2006-01-02 15:04:05Z")
		body["error_description"] = no.text + " Trace ID: 0e2b6c11-0000-4000-8000-5d1e0f3c7b00 " +
			"Correlation ID: 2f1c5e80-0000-4000-8000-3b1e6a9d4c00 Timestamp: " + now
		body["timestamp"] = now
	}
	answer(w, no.status, body)
}

// answer writes JSON that no cache may keep.
func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // whoever asked may be gone
}
