package graph

import (
	"cmp"
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
	Status     int  // of HTTP
	HasCode    bool // the answer has Graph's error object; without it only Status is valid
	Code       int  // Graph's error code
	Subcode    int  // 0 if there is none
	Message    string
	Details    string        // error_data.details: the most specific description
	UserText   string        // words for people; often empty
	RetryAfter time.Duration // as the header says, 0 means it doesn't
}

// Error implements error.
func (e *Error) Error() string {
	if !e.HasCode {
		return fmt.Sprintf("graph: status %d", e.Status)
	}
	return fmt.Sprintf("graph: %d/%d: %s", e.Code, e.Subcode, e.Words())
}

// maxWords is how many characters of Graph's description of an error people see.
const maxWords = 300

// Words returns Graph's description of the error for people, on one line of at most maxWords characters.
func (e *Error) Words() string {
	text := cmp.Or(e.UserText, e.Details, e.Message, http.StatusText(e.Status))
	return ClipText(strings.Join(strings.Fields(text), " "), maxWords)
}

// ClipText shortens a text for people.
func ClipText(s string, maxRunes int) string {
	if r := []rune(s); len(r) > maxRunes {
		return string(r[:maxRunes-1]) + "…"
	}
	return s
}

// subcodeNoObject comes with codeInvalid for an object that isn't there for the token.
const subcodeNoObject = 33

// NoAccess reports whether the object that was called doesn't exist, or isn't visible to this token. Graph doesn't say which of both.
func (e *Error) NoAccess() bool {
	if !e.HasCode || e.Code != codeInvalid {
		return false
	}
	return e.Subcode == subcodeNoObject || strings.Contains(e.Message, "does not exist, cannot be loaded due to missing permissions")
}

// HadNoEffect reports whether a failed request surely had no effect, so that it may be repeated.
func HadNoEffect(err error) bool {
	if lost, ok := errors.AsType[*fence.LostError](err); ok { // looked for first: its cause may be an *Error of a gateway
		return !lost.MayHaveLeft
	}
	var refused *Error
	return errors.As(err, &refused)
}

// ErrorObject is the error object of answers and webhooks.
type ErrorObject struct {
	Message  string  `json:"message"`
	Code     Decimal `json:"code"`
	Subcode  Decimal `json:"error_subcode"`
	UserText string  `json:"error_user_msg"`
	Title    string  `json:"title"`
	Data     struct {
		Details string `json:"details"`
	} `json:"error_data"`
}

// mostWait bounds what Graph may ask us to wait; it says so in seconds.
const mostWait = 24 * time.Hour

// readRefusal makes an error of an answer that isn't 2xx.
func readRefusal(status int, header http.Header, body []byte) error {
	wait, _ := fence.RetryAfter(header, time.Time{}, mostWait) // 0 if the header doesn't say
	o := readErrorObject(body)
	if o == nil {
		e := &Error{Status: status, RetryAfter: wait}
		if status >= http.StatusInternalServerError || status < http.StatusBadRequest { // the request may have had its effect
			return &fence.LostError{MayHaveLeft: true, Cause: e}
		}
		return e
	}
	return &Error{
		Status:     status,
		RetryAfter: wait,
		HasCode:    true,
		Code:       int(o.Code.Value),
		Subcode:    int(o.Subcode.Value),
		Message:    o.Message,
		Details:    o.Data.Details,
		UserText:   o.UserText,
	}
}

// readErrorObject returns Graph's error object. It returns nil if the answer has none with a code: then it comes from a server in front
// of Graph.
func readErrorObject(body []byte) *ErrorObject {
	var answer struct {
		Error *ErrorObject `json:"error"`
	}
	if Read(body, &answer) != nil || answer.Error == nil {
		return nil
	}
	if !answer.Error.Code.Known {
		return nil
	}
	return answer.Error
}
