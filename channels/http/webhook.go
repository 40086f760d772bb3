package http

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"parley/channels"
)

// result is the response to a webhook.
type result struct {
	Accepted int    `json:"accepted"`        // number of stored events; "typing" isn't stored
	Error    string `json:"error,omitempty"` // if set, nothing was stored
}

// ServeHTTP implements channels.Webhook. It authenticates the request, validates all events and stores them
// together. It responds with 200 only after that; otherwise nothing is stored, and the sender has to correct
// the events or post them again.
func (c *Channel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		writeResult(w, http.StatusMethodNotAllowed, result{Error: "events are posted here"})
		return
	}

	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, isTooLong := errors.AsType[*http.MaxBytesError](err); isTooLong {
		writeResult(w, http.StatusRequestEntityTooLarge, result{Error: fmt.Sprintf("the body is longer than %d MiB", maxBody/megabyte)})
		return
	}
	if err != nil {
		writeResult(w, http.StatusBadRequest, result{Error: "the body broke off: " + err.Error()})
		return
	}
	if fault := Verify(c.secret, c.env.Now(), r.Header.Get(signatureHeader), body); fault != "" {
		writeResult(w, http.StatusForbidden, result{Error: fault})
		return
	}

	facts, err := c.split(body)
	if err != nil {
		writeResult(w, http.StatusBadRequest, result{Error: err.Error()})
		return
	}
	if len(facts) > 0 {
		err = c.env.Accept(r.Context(), facts...)
	}

	switch {
	case errors.Is(err, channels.ErrOverloaded):
		w.Header().Set("Retry-After", "1")
		writeResult(w, http.StatusServiceUnavailable, result{Error: "too much at once; post it again"})
	case err != nil:
		c.env.Log.Error("webhook was not stored", "error", err)
		writeResult(w, http.StatusInternalServerError, result{Error: "not stored; post it again"})
	default:
		writeResult(w, http.StatusOK, result{Accepted: len(facts)})
	}
}

func writeResult(w http.ResponseWriter, status int, res result) {
	body, err := json.Marshal(res)
	if err != nil {
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
