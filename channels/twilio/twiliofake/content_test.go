package twiliofake

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

const contentsPath = "/v1/Content"

// askJSON calls the API with a body in JSON, and returns status and answer.
func askJSON(t *testing.T, s *Server, method, path, body string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
	noError(t, err)
	req.SetBasicAuth(account, "token")
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	noError(t, err)
	defer resp.Body.Close()
	out := map[string]any{}
	noError(t, json.NewDecoder(resp.Body).Decode(&out))
	return resp.StatusCode, out
}

// Each type of a content is checked, even one that the channel wouldn't show.
func TestContentTypesRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	tests := []struct {
		name  string
		types string
	}{
		{name: "a type that there isn't, beside one", types: `{"twilio/text":{"body":"x"},"twilio/poem":{"body":"x"}}`},
		{
			name:  "a text without words, beside a question",
			types: `{"twilio/quick-reply":{"body":"x","actions":[{"title":"a"}]},"twilio/text":{}}`,
		},
		{name: "a question without answers, beside a text", types: `{"twilio/quick-reply":{"body":"x"},"twilio/text":{"body":"x"}}`},
	}
	for _, tt := range tests {
		status, content := askJSON(t, s, http.MethodPost, contentsPath, `{"language":"en","types":`+tt.types+`}`)
		wantEqual(t, tt.name+": status", status, http.StatusBadRequest)
		wantEqual(t, tt.name+": code", content["code"], any(float64(codeInvalid))) // numbers of JSON
	}
}
