package twiliofake

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// messagePath is the path of one message.
func messagePath(sid string) string {
	return strings.TrimSuffix(messagesPath, ".json") + "/" + sid + ".json"
}

// sendHeld starts an emulator whose callbacks are held, sends a message, and returns its path.
func sendHeld(t *testing.T) (s *Server, path string) {
	t.Helper()
	s = start(t, func(o *Options) { o.HoldCallbacks = true })
	return s, messagePath(mustSend(t, s)["sid"].(string))
}

// A caller can remove a message's text from Twilio's records, as Twilio's own clients do.
func TestRedact(t *testing.T) {
	t.Parallel()
	s, path := sendHeld(t)
	status, redacted := ask(t, s, http.MethodPost, path, url.Values{"Body": {""}})
	wantEqual(t, "status", status, http.StatusOK)
	wantEqual(t, "text in the records", redacted["body"], any(""))
	wantEqual(t, "path of the message", messagePath(redacted["sid"].(string)), path)
}

// A message's text can only be changed to nothing, and other fields can't be changed.
func TestRefusedChanges(t *testing.T) {
	t.Parallel()
	s, path := sendHeld(t)
	tests := []struct {
		name string
		form url.Values
	}{
		{name: "another text", form: url.Values{"Body": {"other words"}}},
		{name: "cancelling what isn't scheduled", form: url.Values{"Status": {"canceled"}}},
	}
	for _, tt := range tests {
		wantRefused(t, s, tt.name, apiCall{method: http.MethodPost, path: path, form: tt.form}, http.StatusBadRequest, codeInvalid)
	}
}

// A message can be removed once it is delivered, and is unknown from then on.
func TestRemove(t *testing.T) {
	t.Parallel()
	s, path := sendHeld(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	noError(t, s.Wait(ctx, func() bool { return s.Messages()[0].Status == "delivered" }))

	wantEqual(t, "status", remove(t, s, path), http.StatusNoContent)
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		call := apiCall{method: method, path: path, form: url.Values{"Body": {""}}}
		wantRefused(t, s, method+" of a removed message", call, http.StatusNotFound, codeNotFound)
	}
	wantEqual(t, "number of messages", len(s.Messages()), 0)
}

// remove deletes a resource and returns the status; the answer has no body.
func remove(t *testing.T, s *Server, path string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, s.URL()+path, nil)
	noError(t, err)
	req.SetBasicAuth(account, "token")
	resp, err := s.client.Do(req)
	noError(t, err)
	_ = resp.Body.Close()
	return resp.StatusCode
}

// A message that is still under way can't be removed.
func TestRemoveTooEarly(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.mu.Lock()
	s.messages = append(s.messages, &stored{sid: "SM1", from: ours, to: ann, status: "sent"})
	s.mu.Unlock()
	wantRefused(t, s, "removing it", apiCall{method: http.MethodDelete, path: messagePath("SM1")}, http.StatusConflict, codeNotDelivered)
	wantEqual(t, "number of messages", len(s.Messages()), 1)
}

// An unknown path or method is refused with an answer in JSON, which Twilio's clients can read.
func TestRefusedInJSON(t *testing.T) {
	t.Parallel()
	s := start(t)
	wantRefused(t, s, "an unknown path",
		apiCall{method: http.MethodGet, path: "/v2/PhoneNumbers/+15550123"}, http.StatusNotFound, codeNotFound)
	wantRefused(t, s, "another method", apiCall{method: http.MethodPut, path: messagesPath}, http.StatusMethodNotAllowed, codeMethod)
}
