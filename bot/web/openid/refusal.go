package openid

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/oauth2"
)

// reason is why somebody was not signed in.
type reason int

// Reasons.
const (
	notAsked  reason = iota // the answer is to a question that this browser did not ask, or that was answered already
	tooLate                 // the page of the provider stood open too long
	cancelled               // somebody did not want to, or may not
	failed                  // the provider says that something is wrong, most often with the registration
	untrusted               // the answer is not one to our question, or not the provider's
	away                    // the provider does not answer
	stranger                // the provider knows who it is, Parley does not
	elsewhere               // somebody of another workspace or tenant
)

// refusal is an error with its reason.
type refusal struct {
	reason reason
	cause  error // for the log; nil if there is none
}

func refuse(why reason, cause error) *refusal { return &refusal{why, cause} }

// Error implements error.
func (r *refusal) Error() string {
	if r.cause == nil {
		return fmt.Sprintf("openid: refused (%d)", r.reason)
	}
	return r.cause.Error()
}

// errAnswer is the error that a provider answered instead of a code. Only a short word of small letters is used: it comes in the
// browser's address, where anybody can write anything.
func errAnswer(code string) error {
	const maxCode, codeLetters = 60, "abcdefghijklmnopqrstuvwxyz_"
	if len(code) > maxCode || strings.Trim(code, codeLetters) != "" {
		code = "an unknown error"
	}
	if code == "" {
		code = "no code"
	}
	return errors.New("openid: the provider answered " + code)
}

// classify returns why an exchange failed.
func classify(err error) reason {
	var answered *oauth2.RetrieveError
	var network net.Error
	switch {
	case errors.Is(err, ErrElsewhere):
		return elsewhere
	case errors.As(err, &answered) && answered.Response != nil && answered.Response.StatusCode >= http.StatusInternalServerError:
		return away
	case errors.As(err, &answered) && slices.Contains([]string{"invalid_grant", "invalid_code", "code_already_used"}, answered.ErrorCode): // the latter are Slack's
		return notAsked
	case errors.As(err, &answered):
		return failed
	case errors.As(err, &network):
		return away
	}
	return untrusted
}

// words are what people read about a refusal.
type words struct {
	status     int
	text, hint string
}

// words says in words for people what happened at a provider, and what to do.
func (r reason) words(provider string) words {
	switch r {
	case tooLate:
		return words{http.StatusBadRequest, "That took too long.", "Begin again, and choose your account within a quarter of an hour."}
	case cancelled:
		return words{http.StatusForbidden, "You were not signed in.", provider + " says that it was cancelled. Nothing has changed; you can begin again."}
	case failed:
		return words{http.StatusBadGateway, provider + " refused to say who you are.",
			"Ask an admin to look at how Parley is registered there: the address, the client's id and its secret. Parley's log has the reason."}
	case untrusted:
		return words{http.StatusBadGateway, provider + "'s answer can't be trusted.",
			"You were not signed in. Begin again; if that happens twice, tell an admin: Parley's log has the reason."}
	case away:
		return words{http.StatusBadGateway, provider + " does not answer just now.",
			"Try again in a few minutes, or sign in another way. On the server, `parley admin-link` makes a link for an admin."}
	case stranger:
		return words{http.StatusForbidden, "You are not an agent here.",
			provider + " knows you, but nobody has added you to this Parley. Ask one of its admins to add you, with the address that you use at " + provider + "."}
	case elsewhere:
		return words{http.StatusForbidden, "That account belongs to another organisation.",
			"Choose the account that you use at work here, or ask one of Parley's admins."}
	case notAsked:
	}
	return words{http.StatusBadRequest, "This sign-in can't be finished.",
		"It was finished before, or begun in another browser or tab. Begin again."}
}
