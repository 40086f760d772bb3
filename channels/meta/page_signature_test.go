package meta

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// escapedHook returns a webhook with \u escapes, which a program that encodes the JSON again would write differently.
func escapedHook() []byte {
	return hookBody("messaging", `"message":{"mid":"m_1","text":"\u00fcber \ud83d\ude00"}`)
}

// postSigned posts escapedHook with a signature, and returns the status of the answer. The answer must be empty.
func (r *rig) postSigned(t *testing.T, signature string) int {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/hooks/page", bytes.NewReader(escapedHook()))
	req.Header.Set("X-Hub-Signature-256", signature)
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req)
	wantEqual(t, "body of the answer", w.Body.String(), "")
	return w.Code
}

// A webhook is accepted only with the right signature of its bytes, unchanged.
func TestWrongSignature(t *testing.T) {
	t.Parallel()
	var parsed any
	noError(t, json.Unmarshal(escapedHook(), &parsed))
	reencoded, err := json.Marshal(parsed)
	noError(t, err)
	right := signBody([]byte(testSecret), escapedHook())
	tests := []struct {
		name      string
		signature string
	}{
		{name: "none", signature: ""},
		{name: "of the JSON written again", signature: signBody([]byte(testSecret), reencoded)},
		{name: "with another secret", signature: signBody([]byte("other"), escapedHook())},
		{name: "with an empty secret", signature: signBody(nil, escapedHook())},
		{name: "in upper case", signature: strings.ToUpper(right)},
		{name: "under another algorithm", signature: strings.Replace(right, "sha256=", "sha1=", 1)},
		{name: "without the algorithm", signature: strings.TrimPrefix(right, "sha256=")},
		{name: "not in hex", signature: "sha256=riddle"},
		{name: "cut", signature: right[:40]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			wantEqual(t, "status", r.postSigned(t, tt.signature), http.StatusForbidden)
			wantEqual(t, "number of accepted facts", len(r.takeFacts(t)), 0)
		})
	}
}

// A subscription with a wrong verify token isn't confirmed.
func TestWrongVerifyToken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if err := r.meta.Subscribe(t.Context(), testPage, r.url, "another word"); err == nil {
		t.Error("the subscription succeeded, want an error")
	}
}
