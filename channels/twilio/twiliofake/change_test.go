package twiliofake

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A message's words can be taken out of Twilio's records, and the message removed, as Twilio's own clients do.
func TestRedactAndRemove(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *Options) { o.HoldCallbacks = true })
	_, made := ask(t, s, http.MethodPost, messagesPath, url.Values{"To": {ann}, "From": {ours}, "Body": {"my number is 4711"}})
	path := strings.TrimSuffix(messagesPath, ".json") + "/" + made["sid"].(string) + ".json"

	// Nothing but its words can be changed, and those to nothing alone.
	wantRefused(t, s, "other words", apiCall{http.MethodPost, path, url.Values{"Body": {"other words"}}}, http.StatusBadRequest, codeInvalid)
	wantRefused(t, s, "cancel what isn't scheduled", apiCall{http.MethodPost, path, url.Values{"Status": {"canceled"}}}, http.StatusBadRequest, codeInvalid)
	status, redacted := ask(t, s, http.MethodPost, path, url.Values{"Body": {""}})
	wantEqual(t, "status for no words", status, http.StatusOK)
	wantEqual(t, "words in the records", redacted["body"], any(""))
	wantEqual(t, "message", redacted["sid"], made["sid"])

	// It can be removed once it is delivered, and is unknown from then on.
	if err := s.Wait(t.Context(), func() bool { return s.Messages()[0].Status == "delivered" }); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "status for its removal", remove(t, s, path), http.StatusNoContent)
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		wantRefused(t, s, method+" of a removed one", apiCall{method, path, url.Values{"Body": {""}}}, http.StatusNotFound, codeNotFound)
	}
	wantEqual(t, "messages", len(s.Messages()), 0)
}

// remove deletes a resource and returns the status; the answer has no body.
func remove(t *testing.T, s *Server, path string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, s.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(account, "token")
	resp, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// A message that is still under way stays.
func TestRemoveTooEarly(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.mu.Lock()
	s.messages = append(s.messages, &stored{sid: "SM1", from: ours, to: ann, status: "sent"})
	s.mu.Unlock()
	path := strings.TrimSuffix(messagesPath, ".json") + "/SM1.json"
	wantRefused(t, s, "removing it", apiCall{method: http.MethodDelete, path: path}, http.StatusConflict, codeNotDelivered)
	wantEqual(t, "messages", len(s.Messages()), 1)
}

// What isn't there, and what can't be done, is refused in Twilio's form, so that its clients can read it.
func TestRefusedInJSON(t *testing.T) {
	t.Parallel()
	s := start(t)
	wantRefused(t, s, "an unknown path", apiCall{method: http.MethodGet, path: "/v2/PhoneNumbers/+15550123"}, http.StatusNotFound, codeNotFound)
	wantRefused(t, s, "another method", apiCall{method: http.MethodPut, path: messagesPath}, http.StatusMethodNotAllowed, codeMethod)
}
