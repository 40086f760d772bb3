package teams

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"parley/channels/wire"
)

// A request to one of Microsoft's services can fail in many ways: it can be refused, cut off, or never sent. Failure
// distinguishes these. That matters because a post to Teams must not be made twice, so callers check MaybeSent.

// ErrTooLarge is the cause if a response is longer than Request.MaxBytes.
var ErrTooLarge = errors.New("teams: the answer is too long")

// Failure is a failed request to the Bot Connector or to Graph.
type Failure struct {
	Call       string        // name of the request for logs: "POST activities"
	Status     int           // of the response; 0 if there was none
	Code       string        // the service's own code: "ConversationNotFound"; "" if it sent none
	Text       string        // the service's explanation, shortened; for logs
	RetryAfter time.Duration // how long the service asks us to wait; 0 if it doesn't
	Location   string        // of a redirect, which is never followed; may be secret
	MaybeSent  bool          // the request, or a part of it, was or may have been sent
	Cause      error         // why there is no usable response; nil if the service refused the request
}

// Error implements error.
func (e *Failure) Error() string {
	details := ""
	for _, s := range []string{e.Code, e.Text} {
		if s != "" {
			details += ": " + s
		}
	}
	if e.Cause != nil {
		details += ": " + e.Cause.Error()
	}
	if e.Status == 0 {
		return "teams: " + e.Call + details
	}
	return fmt.Sprintf("teams: %s: status %d%s", e.Call, e.Status, details)
}

// Unwrap returns the cause.
func (e *Failure) Unwrap() error { return e.Cause }

// readRefusal makes a Failure of a response that isn't 2xx. There are several formats:
//
//	{"error":{"code":"…","message":"…"}}                     the Bot Connector and Graph
//	{"message":"…"}, or text                                 gateways in front of them
//	{"errorCode":209,"message":"{\"subCode\":\"…\"}"}        the service that stores the threads
func readRefusal(call string, resp *http.Response, body []byte, now time.Time) *Failure {
	e := &Failure{Call: call, Status: resp.StatusCode, Location: resp.Header.Get("Location"), MaybeSent: true}
	e.RetryAfter, _ = wire.RetryAfter(resp.Header, now, maxWait)
	var answer struct {
		Error json.RawMessage `json:"error"`
		Text  json.RawMessage `json:"message"`
		Code  json.RawMessage `json:"errorCode"`
	}
	if json.Unmarshal(body, &answer) != nil {
		if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain") {
			e.Text = Shorten(string(body))
		}
		return e
	}

	var inner struct {
		Code json.RawMessage `json:"code"`
		Text json.RawMessage `json:"message"`
	}
	if json.Unmarshal(answer.Error, &inner) == nil {
		answer.Code, answer.Text = inner.Code, inner.Text
	}

	text := plainText(answer.Text)
	e.Code, e.Text = Shorten(cmp.Or(subCodeOf(text), plainText(answer.Code))), Shorten(text)
	return e
}

// plainText returns the value of a JSON string, "" for null, and any other JSON unchanged.
func plainText(value json.RawMessage) string {
	var text *string
	if len(value) == 0 || json.Unmarshal(value, &text) != nil {
		return string(value)
	}
	if text == nil {
		return ""
	}
	return *text
}

// subCodeOf returns the subCode in text if it is JSON with one; otherwise "".
func subCodeOf(text string) string {
	var details struct {
		Code string `json:"subCode"`
	}
	if json.Unmarshal([]byte(text), &details) != nil {
		return ""
	}
	return details.Code
}

// maxWait bounds Failure.RetryAfter.
const maxWait = time.Hour

// Shorten cuts a service's explanation to a length that is suitable for a log line, and makes it one line.
func Shorten(s string) string {
	const maxBytes = 300
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	if len(s) <= maxBytes {
		return s
	}
	cut := maxBytes
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
