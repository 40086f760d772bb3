package twiliofake

import (
	"net/http"
	"testing"
)

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
