package http

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"parley/channels"
)

// result is the answer to a webhook.
type result struct {
	Accepted int    `json:"accepted"`        // events; typing isn't counted
	Error    string `json:"error,omitempty"` // then nothing was stored
}

// ServeHTTP implements channels.Webhook.
func (c *Channel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		writeAnswer(w, http.StatusMethodNotAllowed, result{Error: "events are posted here"})
		return
	}

	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(body) > maxBody {
		writeAnswer(w, http.StatusRequestEntityTooLarge, result{Error: "the body is longer than 16 MiB, or broke off"})
		return
	}
	if fault := Verify(c.secret, c.env.Now(), r.Header.Get(signatureHeader), body); fault != "" {
		writeAnswer(w, http.StatusForbidden, result{Error: fault})
		return
	}

	facts, err := c.split(body)
	if err != nil {
		writeAnswer(w, http.StatusBadRequest, result{Error: err.Error()})
		return
	}
	if len(facts) > 0 {
		err = c.env.Accept(r.Context(), facts...)
	}

	switch {
	case errors.Is(err, channels.ErrOverloaded):
		w.Header().Set("Retry-After", "1")
		writeAnswer(w, http.StatusServiceUnavailable, result{Error: "too much at once; post it again"})
	case err != nil:
		writeAnswer(w, http.StatusInternalServerError, result{Error: "not stored; post it again"})
	default:
		writeAnswer(w, http.StatusOK, result{Accepted: len(facts)})
	}
}

func writeAnswer(w http.ResponseWriter, status int, a result) {
	body, err := json.Marshal(a)
	if err != nil {
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
