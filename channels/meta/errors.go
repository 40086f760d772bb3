package meta

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"parley/channels/wire"
)

// graphError is a response that refuses a request, from the Graph API itself or from a gateway in front of it. The request
// had no effect.
//
// If a request may have had an effect, its error is a *fence.LostError instead. For example, 400 with Graph's error
// object is an Error, and so is a gateway's 429; a gateway's 502 is a LostError, because the request may have passed it.
// Source: Graph API, "Handle Errors".
type graphError struct {
	Status     int           // the HTTP status
	HasCode    bool          // Graph refused the request; if false, a gateway did, and the next five fields are empty
	Code       int           // Graph's error code
	Subcode    int           // 0 means none
	Message    string        // for developers
	Details    string        // error_data.details, often more specific than Message
	UserText   string        // for people; often empty
	RetryAfter time.Duration // from the header of that name; 0 means none
}

// graphError implements error.
func (e *graphError) Error() string {
	if !e.HasCode {
		return fmt.Sprintf("graph: status %d", e.Status)
	}
	return fmt.Sprintf("graph: %d/%d: %s", e.Code, e.Subcode, e.Words())
}

// maxWords is the maximum length of Words, in characters.
const maxWords = 300

// Words returns the best description of the error to show to people, on one line of at most maxWords characters.
func (e *graphError) Words() string {
	text := cmp.Or(e.UserText, e.Details, e.Message, http.StatusText(e.Status))
	return clipText(strings.Join(strings.Fields(text), " "), maxWords)
}

// clipText truncates a text to maxRunes characters, the last of which is then an ellipsis.
func clipText(s string, maxRunes int) string {
	if r := []rune(s); len(r) > maxRunes {
		return string(r[:maxRunes-1]) + "…"
	}
	return s
}

// subcodeNoObject comes with codeInvalid if the token can't see the object.
const subcodeNoObject = 33

// NoAccess reports whether the object of the call doesn't exist or isn't visible to the token. Graph doesn't distinguish
// the two.
func (e *graphError) NoAccess() bool {
	if !e.HasCode || e.Code != codeInvalid {
		return false
	}
	return e.Subcode == subcodeNoObject || strings.Contains(e.Message, "does not exist, cannot be loaded due to missing permissions")
}

// codeUnknown is Graph's code for errors that have no code of their own.
const codeUnknown = 1

// isTooMuch reports whether Graph refused to read a list because the answer would be too large, so that fewer objects must
// be requested at once. Its error has no code of its own.
func isTooMuch(err error) bool {
	refused, ok := errors.AsType[*graphError](err)
	return ok && refused.Code == codeUnknown && strings.Contains(refused.Message, "reduce the amount of data")
}

// hadNoEffect reports whether a failed request certainly had no effect, so that it may be repeated.
func hadNoEffect(err error) bool {
	// The order matters: the cause of a LostError may be an *Error of a gateway.
	if lost, ok := errors.AsType[*wire.LostError](err); ok {
		return !lost.MayHaveLeft
	}
	var refused *graphError
	return errors.As(err, &refused)
}

// errorObject is Graph's error object, as responses and webhooks contain it.
type errorObject struct {
	Message  string  `json:"message"`
	Code     decimal `json:"code"`
	Subcode  decimal `json:"error_subcode"`
	UserText string  `json:"error_user_msg"`
	Title    string  `json:"title"`
	Data     struct {
		Details string `json:"details"`
	} `json:"error_data"`
}

// maxWait caps the wait that a response asks for.
const maxWait = 24 * time.Hour

// readRefusal returns the error for a response whose status isn't 2xx.
func readRefusal(status int, header http.Header, body []byte) error {
	wait, _ := wire.RetryAfter(header, time.Time{}, maxWait) // Graph sends seconds, so that no clock is needed
	o := readErrorObject(body)
	if o == nil {
		return gatewayError(status, wait)
	}
	return &graphError{
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

// gatewayError returns the error for a response that doesn't come from Graph itself. Only a 4xx says that the request had
// no effect. With any other status, a gateway may have passed the request on before it failed.
func gatewayError(status int, wait time.Duration) error {
	e := &graphError{Status: status, RetryAfter: wait}
	isClientError := status >= http.StatusBadRequest && status < http.StatusInternalServerError
	if !isClientError {
		return &wire.LostError{MayHaveLeft: true, Cause: e}
	}
	return e
}

// readErrorObject returns Graph's error object, or nil if the body has none with a code. The response then comes from a
// gateway in front of Graph.
func readErrorObject(body []byte) *errorObject {
	var answer struct {
		Error *errorObject `json:"error"`
	}
	if readJSON(body, &answer) != nil || answer.Error == nil {
		return nil
	}
	if !answer.Error.Code.Known {
		return nil
	}
	return answer.Error
}
