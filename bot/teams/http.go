package teams

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"time"

	"parley/bot/teams/connector"
	"parley/channels"
)

// How long a request may take: Teams sends an activity again after 15 s, and shows an error
// when an invoke isn't answered within 5 s.
const (
	activityTimeout = 12 * time.Second
	invokeTimeout   = 4 * time.Second
	retryLater      = "5" // seconds
)

// Handlers implements bridge.Surface.
func (s *Surface) Handlers() map[string]http.Handler {
	all := map[string]http.Handler{"POST /teams/messages": s.door.Handler(s.serve)}
	if s.upload != nil {
		maps.Copy(all, s.upload.Handlers())
	}
	return all
}

// serve takes a genuine request. Nothing is acknowledged that isn't stored.
func (s *Surface) serve(w http.ResponseWriter, r *http.Request, a connector.Activity, raw []byte) {
	timeout := activityTimeout
	if a.Type == connector.TypeInvoke {
		timeout = invokeTimeout
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	err := s.learn(ctx, &a)
	if a.Type == connector.TypeInvoke {
		if err != nil {
			s.unavailable(w, err)
			return
		}
		s.serveInvoke(ctx, w, &a, raw)
		return
	}
	var facts []channels.Fact
	if err == nil {
		facts, err = s.facts(ctx, &a, raw)
	}
	if err == nil && len(facts) > 0 {
		err = s.desk.Accept(ctx, facts...)
	}
	if err != nil {
		s.sweeper.Announce(s.now().Add(-activityTimeout)) // nobody promises that Teams tells it again
		s.sweeper.Soon()
		s.unavailable(w, err)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// unavailable asks Teams to come back: nothing was stored.
func (s *Surface) unavailable(w http.ResponseWriter, err error) {
	if errors.Is(err, channels.ErrOverloaded) {
		w.Header().Set("Retry-After", retryLater)
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	s.log.Error("teams request not stored", "error", err)
	http.Error(w, "not stored", http.StatusInternalServerError)
}

// respond answers an invoke; nil = an empty answer.
func (s *Surface) respond(w http.ResponseWriter, body any) {
	if body == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if err := json.NewEncoder(w).Encode(body); err != nil {
		s.log.Info("teams answer not sent", "error", err)
	}
}
