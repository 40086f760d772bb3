package rest

import (
	"net/http"
	"testing"
	"time"
)

// Each of Teams' services says in its own way why it refuses.
func TestReadRefusal(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"error":{"code":"BotNotInConversationRoster","message":"gone"}}`:                  "BotNotInConversationRoster: gone",
		`{"error":{"code":404,"message":"gone"}}`:                                           "404: gone",
		`{"errorCode":"Throttled","message":"slow down"}`:                                   "Throttled: slow down",
		`{"errorCode":209,"message":"{\r\n  \"subCode\": \"MessageWritesBlocked\"\r\n}"}`:   `MessageWritesBlocked: { "subCode": "MessageWritesBlocked" }`,
		`{"errorCode":209,"message":{"subCode":"MessageWritesBlocked"}}`:                    `MessageWritesBlocked: {"subCode":"MessageWritesBlocked"}`,
		`{"errorCode":209,"message":"Access denied"}`:                                       "209: Access denied",
		`{"error":{"code":"Forbidden","message":"{\"subCode\":\"MessageWritesBlocked\"}"}}`: `MessageWritesBlocked: {"subCode":"MessageWritesBlocked"}`,
		`{"error":"odd","message":null,"errorCode":null}`:                                   ": ",
		`{"message":"The request is blocked."}`:                                             ": The request is blocked.",
		`[1]`:                                                                               ": ",
	} {
		e := readRefusal("POST activity", &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}}, []byte(body), time.Now())
		if got := e.Code + ": " + e.Text; got != want {
			t.Errorf("%s is read as %q, want %q", body, got, want)
		}
	}
}
