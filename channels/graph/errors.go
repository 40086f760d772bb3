package graph

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"parley/channels/fence"
)

// Error is an answer that refuses a request, from the Graph API or from a server in front of it. The request
// had no effect.
// Source: Graph API, "Handle Errors".
type Error struct {
	Status     int    // of HTTP
	Coded      bool   // the answer has Graph's error object; without it only Status is valid
	Code       int    // Graph's error code
	Subcode    int    // 0 if there is none
	Type       string // "OAuthException"
	Message    string
	Details    string        // error_data.details: the most specific description
	UserTitle  string        // words for people; often empty
	UserText   string        // words for people; often empty
	TraceID    string        // fbtrace_id, for Meta's support
	RetryAfter time.Duration // as the header says, 0 means it doesn't
}

// Error implements error.
func (e *Error) Error() string {
	if !e.Coded {
		return fmt.Sprintf("graph: status %d", e.Status)
	}
	return fmt.Sprintf("graph: %d/%d: %s", e.Code, e.Subcode, e.Words())
}

// Words returns Graph's description of the error for people, at most 300 characters.
func (e *Error) Words() string {
	text := e.UserText
	for _, t := range []string{e.Details, e.Message, http.StatusText(e.Status)} {
		if text == "" {
			text = t
		}
	}
	return clipText(strings.Join(strings.Fields(text), " "), 300)
}

func clipText(s string, maxRunes int) string {
	r := []rune(s)
	if len(r) <= maxRunes {
		return s
	}
	return string(r[:maxRunes-1]) + "…"
}

// Certain reports whether a failed request surely had no effect.
func Certain(err error) bool {
	if lost := (*fence.LostError)(nil); errors.As(err, &lost) { // its cause may be a gateway's *Error
		return !lost.Left
	}
	var refused *Error
	return errors.As(err, &refused)
}

// ErrorObject is the error object of answers and webhooks.
type ErrorObject struct {
	Message   string `json:"message"`
	Type      string `json:"type"`
	Code      *int   `json:"code"`
	Subcode   int    `json:"error_subcode"`
	UserTitle string `json:"error_user_title"`
	UserText  string `json:"error_user_msg"`
	TraceID   string `json:"fbtrace_id"`
	Title     string `json:"title"`
	Data      struct {
		Details string `json:"details"`
	} `json:"error_data"`
}

// mostWait bounds what Graph may ask us to wait; it says so in seconds.
const mostWait = 24 * time.Hour

// readRefusal makes an error of an answer that isn't 2xx.
func readRefusal(status int, header http.Header, body []byte) error {
	var answer struct {
		Error *ErrorObject `json:"error"`
	}
	e := &Error{Status: status}
	e.RetryAfter, _ = fence.RetryAfter(header, time.Time{}, mostWait)
	if Read(body, &answer) == nil && answer.Error != nil && answer.Error.Code != nil {
		o := answer.Error
		e.Coded, e.Code, e.Subcode, e.Type, e.Message = true, *o.Code, o.Subcode, o.Type, o.Message
		e.Details, e.UserTitle, e.UserText, e.TraceID = o.Data.Details, o.UserTitle, o.UserText, o.TraceID
		return e
	}
	if status >= http.StatusInternalServerError || status < http.StatusBadRequest {
		// Nobody understood the request, or somebody did and stumbled: no way to know.
		return &fence.LostError{Left: true, Cause: e}
	}
	return e
}
