package postanswer

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
)

const success = `{"ok":true,"channel":"C1","ts":"1.1","message":{"user":"U1","blocks":[{"type":"rich_text"}]}}`

// Of a success only the fields of answer stay. An error, a long answer and one that breaks off are passed on as they are.
func TestShorten(t *testing.T) {
	t.Parallel()
	long := `{"ok":true,"message":{"text":"` + strings.Repeat("x", maxBytes) + `"}}`
	errBroken := errors.New("broken off")
	for _, c := range []struct {
		about string
		body  io.Reader
		want  string
		err   error
	}{
		{about: "success", body: strings.NewReader(success), want: `{"ok":true,"channel":"C1","ts":"1.1","message":{"user":"U1"}}`},
		{about: "error", body: strings.NewReader(`{"ok":false,"error":"not_in_channel"}`), want: `{"ok":false,"error":"not_in_channel"}`},
		{about: "long", body: strings.NewReader(long), want: long},
		{about: "broken off", body: io.MultiReader(strings.NewReader(success[:20]), iotest.ErrReader(errBroken)), want: success[:20], err: errBroken},
	} {
		t.Run(c.about, func(t *testing.T) {
			t.Parallel()
			r := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(c.body)}
			r.Request = httptest.NewRequest(http.MethodPost, "https://slack.com/api/chat.postMessage", http.NoBody)
			Shorten(r)
			got, err := io.ReadAll(r.Body)
			if string(got) != c.want {
				t.Errorf("got %.100q, want %.100q", got, c.want)
			}
			if !errors.Is(err, c.err) {
				t.Errorf("got error %v, want %v", err, c.err)
			}
		})
	}
}
