package teams

import (
	"net/http"
	"testing"
	"time"
)

// Each of Teams' services says in its own way why it refuses.
func TestReadRefusal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		body     string
		wantCode string
		wantText string
	}{
		// The code and the message are those of an error.
		{
			name:     "error with a code",
			body:     `{"error":{"code":"BotNotInConversationRoster","message":"gone"}}`,
			wantCode: "BotNotInConversationRoster",
			wantText: "gone",
		},
		{
			name:     "error with a number",
			body:     `{"error":{"code":404,"message":"gone"}}`,
			wantCode: "404",
			wantText: "gone",
		},

		// The code stands beside the message.
		{
			name:     "code",
			body:     `{"errorCode":"Throttled","message":"slow down"}`,
			wantCode: "Throttled",
			wantText: "slow down",
		},
		{
			name:     "number",
			body:     `{"errorCode":209,"message":"Access denied"}`,
			wantCode: "209",
			wantText: "Access denied",
		},

		// A sub-code says more than the code.
		{
			name:     "sub-code in an object",
			body:     `{"errorCode":209,"message":{"subCode":"MessageWritesBlocked"}}`,
			wantCode: "MessageWritesBlocked",
			wantText: `{"subCode":"MessageWritesBlocked"}`,
		},
		{
			name:     "sub-code in a text, over several lines",
			body:     `{"errorCode":209,"message":"{\r\n  \"subCode\": \"MessageWritesBlocked\"\r\n}"}`,
			wantCode: "MessageWritesBlocked",
			wantText: `{ "subCode": "MessageWritesBlocked" }`,
		},
		{
			name:     "sub-code in the text of an error",
			body:     `{"error":{"code":"Forbidden","message":"{\"subCode\":\"MessageWritesBlocked\"}"}}`,
			wantCode: "MessageWritesBlocked",
			wantText: `{"subCode":"MessageWritesBlocked"}`,
		},

		// There is no code.
		{name: "message alone", body: `{"message":"The request is blocked."}`, wantText: "The request is blocked."},
		{name: "fields of another kind", body: `{"error":"odd","message":null,"errorCode":null}`},
		{name: "no object", body: `[1]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			resp := &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}}
			e := readRefusal("POST activity", resp, []byte(tt.body), time.Now())
			if e.Code != tt.wantCode {
				t.Errorf("got the code %q, want %q", e.Code, tt.wantCode)
			}
			if e.Text != tt.wantText {
				t.Errorf("got the text %q, want %q", e.Text, tt.wantText)
			}
		})
	}
}
