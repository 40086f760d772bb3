package openid

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"golang.org/x/oauth2"
)

// reason is why somebody was not signed in.
type reason int

// Reasons.
const (
	notAsked  reason = iota // this browser did not begin such a sign-in, or it was answered already
	tooLate                 // the page of the provider stood open too long
	cancelled               // the person did not want to sign in, or the provider doesn't allow it
	failed                  // the provider says that something is wrong, most often with the registration
	untrusted               // the answer doesn't belong to this sign-in, or isn't the provider's
	away                    // the provider does not answer, or has a fault that passes
	stranger                // the provider knows the person, but Parley has no such agent
	unproven                // the provider names neither a user nor a verified address
	elsewhere               // the person belongs to another workspace or tenant
)

// refusal is an error with its reason.
type refusal struct {
	reason reason
	cause  error // for the log; nil if there is none
}

func newRefusal(why reason, cause error) *refusal { return &refusal{why, cause} }

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
	code = cmp.Or(code, "no code")
	return errors.New("openid: the provider answered " + code)
}

// reasonOf returns why an exchange failed.
func reasonOf(err error) reason {
	if errors.Is(err, ErrElsewhere) {
		return elsewhere
	}
	if answered, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return reasonOfAnswer(answered)
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return away
	}
	return untrusted
}

// reasonOfAnswer returns why a provider gave no token for a code.
func reasonOfAnswer(answered *oauth2.RetrieveError) reason {
	if r := answered.Response; r != nil && (r.StatusCode == http.StatusTooManyRequests || r.StatusCode >= http.StatusInternalServerError) {
		return away
	}
	switch answered.ErrorCode {
	case "invalid_grant", "invalid_code", "code_already_used": // the last two are Slack's
		return notAsked
	}
	return failed
}

// explanation is what people read about a refusal.
type explanation struct {
	status     int
	text, hint string
}

// explain says in words for people what happened at a provider, and what to do.
func (r reason) explain(provider string) explanation {
	switch r {
	case tooLate:
		return explanation{status: http.StatusBadRequest, text: "That took too long.",
			hint: "Begin again, and choose your account within a quarter of an hour."}
	case cancelled:
		return explanation{status: http.StatusForbidden, text: "You were not signed in.",
			hint: provider + " says that it was cancelled. Nothing has changed; you can begin again."}
	case failed:
		return explanation{status: http.StatusBadGateway, text: provider + " refused to say who you are.",
			hint: "Ask an admin to look at how Parley is registered there: the address, the client's id and its secret. " +
				"Parley's log has the reason."}
	case untrusted:
		return explanation{status: http.StatusBadGateway, text: provider + "'s answer can't be trusted.",
			hint: "You were not signed in. Begin again; if that happens twice, tell an admin: Parley's log has the reason."}
	case away:
		return explanation{status: http.StatusBadGateway, text: provider + " does not answer just now.",
			hint: "Try again in a few minutes, or sign in another way. On the server, `parley admin-link` makes a link for every agent."}
	case stranger:
		return explanation{status: http.StatusForbidden, text: "You are not an agent here.",
			hint: provider + " knows you, but nobody has added you to this Parley. " +
				"Ask one of its admins to add you, with the address that you use at " + provider + "."}
	case unproven:
		return explanation{status: http.StatusForbidden, text: "You are not an agent here.",
			hint: provider + " names no address of yours that it has checked. Parley knows you by that alone; ask one of its admins."}
	case elsewhere:
		return explanation{status: http.StatusForbidden, text: "That account belongs to another organisation.",
			hint: "Choose the account that you use at work here, or ask one of Parley's admins."}
	case notAsked:
	}

	return explanation{status: http.StatusBadRequest, text: "This sign-in can't be finished.",
		hint: "It was finished before, or begun in another browser or tab. Begin again."}
}
