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

// A sign-in can fail for several reasons. A refusal is the error of a failed sign-in: it has a reason, which is explained
// to the person, and a cause, which is only logged.

// reason is why somebody was not signed in.
type reason int

// Reasons.
const (
	noAttempt         reason = iota // this browser has not begun the sign-in, or it is finished already
	tooLate                         // the person took longer than signInTimeout
	cancelled                       // the person cancelled, or the provider doesn't allow the sign-in
	failed                          // the provider reports an error, most often because of the registration
	untrusted                       // the response doesn't belong to this sign-in, or isn't from the provider
	unavailable                     // the provider doesn't respond or has a temporary error
	notAgent                        // the person isn't an agent
	noIdentity                      // the provider returned neither a user id nor a verified address
	otherOrganisation               // the person belongs to another workspace or tenant
)

// refusal is the error of a sign-in that failed.
type refusal struct {
	reason reason
	cause  error // for the log; may be nil
}

func newRefusal(why reason, cause error) *refusal { return &refusal{why, cause} }

// Error implements error.
func (r *refusal) Error() string {
	if r.cause == nil {
		return fmt.Sprintf("openid: refused (%d)", r.reason)
	}
	return r.cause.Error()
}

// errAnswer returns an error for the log with the error code of a provider's redirect. The code comes from the URL, where
// anybody can put anything, so it is replaced unless it is a short word in lower case.
func errAnswer(code string) error {
	const maxCode, codeLetters = 60, "abcdefghijklmnopqrstuvwxyz_"
	if len(code) > maxCode || strings.Trim(code, codeLetters) != "" {
		code = "an unknown error"
	}
	code = cmp.Or(code, "no code")
	return errors.New("openid: the provider answered " + code)
}

// reasonOf returns the reason of an error of exchangeCode.
func reasonOf(err error) reason {
	if errors.Is(err, ErrOtherOrganisation) {
		return otherOrganisation
	}
	if answered, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return reasonOfAnswer(answered)
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return unavailable
	}
	return untrusted
}

// reasonOfAnswer returns the reason for an error response of a provider's token endpoint.
func reasonOfAnswer(answered *oauth2.RetrieveError) reason {
	if r := answered.Response; r != nil {
		isTemporary := r.StatusCode == http.StatusTooManyRequests || r.StatusCode >= http.StatusInternalServerError
		if isTemporary {
			return unavailable
		}
	}
	switch answered.ErrorCode {
	case "invalid_grant", "invalid_code", "code_already_used": // the last two are Slack's
		return noAttempt
	}
	return failed
}

// explanation is the response to a failed sign-in.
type explanation struct {
	status     int
	text, hint string
}

// explain returns the explanation of a reason. provider is the provider's display name.
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
	case unavailable:
		return explanation{status: http.StatusBadGateway, text: provider + " does not answer just now.",
			hint: "Try again in a few minutes, or sign in another way. On the server, `parley admin-link` makes a link for every agent."}
	case notAgent:
		return explanation{status: http.StatusForbidden, text: "You are not an agent here.",
			hint: provider + " knows you, but nobody has added you to this Parley. " +
				"Ask one of its admins to add you, with the address that you use at " + provider + "."}
	case noIdentity:
		return explanation{status: http.StatusForbidden, text: "You are not an agent here.",
			hint: provider + " names no address of yours that it has checked. Parley knows you by that alone; ask one of its admins."}
	case otherOrganisation:
		return explanation{status: http.StatusForbidden, text: "That account belongs to another organisation.",
			hint: "Choose the account that you use at work here, or ask one of Parley's admins."}
	case noAttempt:
	}

	return explanation{status: http.StatusBadRequest, text: "This sign-in can't be finished.",
		hint: "It was finished before, or begun in another browser or tab. Begin again."}
}
