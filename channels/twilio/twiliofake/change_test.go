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
	sid, _ := made["sid"].(string)
	one := strings.TrimSuffix(messagesPath, ".json") + "/" + sid + ".json"
	if status, got := ask(t, s, http.MethodPost, one, url.Values{"Body": {"other words"}}); status != 400 || got["code"] == nil {
		t.Errorf("other words: %d %v", status, got)
	}
	if status, got := ask(t, s, http.MethodPost, one, url.Values{"Status": {"canceled"}}); status != 400 || got["code"] == nil {
		t.Errorf("cancel what isn't scheduled: %d %v", status, got)
	}
	if status, got := ask(t, s, http.MethodPost, one, url.Values{"Body": {""}}); status != 200 || got["body"] != "" || got["sid"] != sid {
		t.Errorf("no words: %d %v", status, got)
	}
	if err := s.Wait(t.Context(), func() bool { return s.Messages()[0].Status == "delivered" }); err != nil {
		t.Fatal(err)
	}
	if status := remove(t, s, one); status != http.StatusNoContent {
		t.Errorf("removed: %d", status)
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		if status, got := ask(t, s, method, one, url.Values{"Body": {""}}); status != 404 || got["code"] != 20404.0 {
			t.Errorf("%s of a removed one: %d %v", method, status, got)
		}
	}
	if len(s.Messages()) != 0 {
		t.Errorf("%+v", s.Messages())
	}
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
	status, got := ask(t, s, http.MethodDelete, strings.TrimSuffix(messagesPath, ".json")+"/SM1.json", nil)
	if status != http.StatusConflict || got["code"] != 20009.0 || len(s.Messages()) != 1 {
		t.Errorf("%d %v", status, got)
	}
}

// What isn't there, and what can't be done, is refused in Twilio's form, so that its clients can read it.
func TestRefusedInJSON(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, c := range []struct {
		method, path string
		status       int
		code         float64
	}{
		{http.MethodGet, "/v2/PhoneNumbers/+15550123", 404, 20404},
		{http.MethodPut, messagesPath, 405, 20004},
	} {
		if status, got := ask(t, s, c.method, c.path, nil); status != c.status || got["code"] != c.code {
			t.Errorf("%s %s: %d %v", c.method, c.path, status, got)
		}
	}
}
