package slack

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

// shorten shortens an answer to a post, and returns what is left of it.
func shorten(body io.Reader) (string, error) {
	r := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(body)}
	r.Request = httptest.NewRequest(http.MethodPost, "https://slack.com/api/chat.postMessage", http.NoBody)
	Shorten(r)
	got, err := io.ReadAll(r.Body)
	return string(got), err
}

// wantShortened checks what is left of an answer that can be read to its end.
func wantShortened(t *testing.T, body, want string) {
	t.Helper()
	got, err := shorten(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("got %.100q, want %.100q", got, want)
	}
}

func TestOfASuccessOnlyTheFieldsOfAnswerStay(t *testing.T) {
	t.Parallel()
	wantShortened(t, success, `{"ok":true,"channel":"C1","ts":"1.1","message":{"user":"U1"}}`)
}

func TestErrorStaysAsItIs(t *testing.T) {
	t.Parallel()
	const refusal = `{"ok":false,"error":"not_in_channel"}`
	wantShortened(t, refusal, refusal)
}

// An answer that is too long to be read at once is passed on as it is.
func TestLongAnswerStaysAsItIs(t *testing.T) {
	t.Parallel()
	long := `{"ok":true,"message":{"text":"` + strings.Repeat("x", maxBytes) + `"}}`
	wantShortened(t, long, long)
}

// An answer that breaks off is passed on as far as it came, with the error.
func TestAnswerThatBreaksOff(t *testing.T) {
	t.Parallel()
	errBroken := errors.New("broken off")
	got, err := shorten(io.MultiReader(strings.NewReader(success[:20]), iotest.ErrReader(errBroken)))
	if got != success[:20] {
		t.Errorf("got %q, want %q", got, success[:20])
	}
	if !errors.Is(err, errBroken) {
		t.Errorf("got error %v, want %v", err, errBroken)
	}
}
