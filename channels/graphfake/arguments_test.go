package graphfake

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"parley/channels/emulator"
)

// part is a field of a multipart form, or a file if it has a file name.
type part struct {
	name, content string
	file          string // its name; "" means a field
	contentType   string // of a file; "" means that the part names none
}

// callOpenly makes a call without an Authorization header, and returns status and body.
func callOpenly(t *testing.T, method, address, contentType, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	noError(t, err)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := emulator.NewClient().Do(req)
	noError(t, err)
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	noError(t, err)
	return resp.StatusCode, string(answer)
}
