package meta

import (
	"net/http"
	"time"

	"parley/channels"
)

// Error codes that only Messenger has, besides those in codes.go.
// Source: Meta, "Messenger Platform: error codes"; Graph API, "Handle Errors".
const (
	codeSession       = 102
	codeNotAllowed    = 230
	codeNotAvailable  = 551 // the person can't receive messages
	codeTemporary     = 1200
	codeMessengerRate = 80006
)

// Subcodes, which are more specific than the code.
const (
	// subcodeLate comes with codeUnknown although Facebook may have sent the message: "The messages are all sent
	// successfully, but the endpoint returns an error", says its list of common error codes.
	subcodeLate = 1357046
	// subcodeHeld means that another app has control of the conversation.
	subcodeHeld         = 2018300
	subcodeWindow       = 2018278 // the reply window is closed
	subcodeWindowOld    = 2018065 // the same, in older versions
	subcodeNotReceiving = 2018108 // the person can't receive messages from the Page
	subcodeUnavailable  = 1545041 // the person can't receive messages
	subcodeNobody       = 2018001 // no such person
	subcodeRestricted   = 1893063 // the Page may not send
	subcodeWindowTagged = 2534022 // the reply window is closed even with the tag
	subcodeRetry        = 2018321 // a temporary failure; it comes with several codes
	subcodePairRate     = 2018338 // too many messages to this person
	subcodeUnpaid       = 2018021 // the Page may not write to phone numbers
	subcodeUnreviewed   = 2018027 // the app may not write to phone numbers
	subcodeTestersOnly  = 2018028 // the app may write only to its own testers
)

// classifyError converts the error of a failed request to a *channels.SendError. Its class decides whether
// the request is retried; its text and hint are shown to agents. For example, code 10 with subcode 2018278
// becomes WindowClosed, and a lost response becomes Ambiguous, because the message may have been sent.
// Source: Meta, "Messenger Platform: error codes".
func (c *Page) classifyError(err error) *channels.SendError {
	common, refused := c.commonError(err)
	if common != nil {
		return common
	}

	e := &channels.SendError{Class: classOf(refused), Cause: err}
	switch e.Class {
	case channels.WindowClosed:
		e.Text, e.Hint = windowText, windowHint
	case channels.BadRecipient:
		e.Text = "Messenger can't reach this person: " + refused.Words()
		e.Hint = "They may have blocked the Page or left Messenger; use another channel."
	case channels.Throttled:
		e.Wait, e.Pair = throttleWait(refused), refused.Subcode == subcodePairRate
		e.Text = "Facebook asks for a pause: too many messages."
	case channels.Retry:
		e.Wait = refused.RetryAfter
		e.Text = "Facebook is having trouble: " + refused.Words()
	case channels.AuthBroken:
		e.Text = "Facebook refuses the Page's access: " + refused.Words()
		e.Hint = "Make a new Page token with pages_messaging, pages_manage_metadata and pages_read_engagement and apply it; " +
			"parley doctor checks it."
	case channels.AccountBlocked:
		e.Text, e.Hint = "Facebook has restricted the Page: "+refused.Words(), "See Page quality in Meta Business Suite."
	case channels.Ambiguous:
		e.Text = "Facebook's answer doesn't say whether it was sent."
	default:
		if refused.Subcode == subcodeHeld {
			e.Text, e.Hint = "Another app holds this conversation on Messenger.", "Hand it over in the Page's inbox, then send it again."
			return e
		}

		e.Class = channels.BadContent
		e.Text = "Facebook refuses the message: " + refused.Words()
		e.Hint = "Change it and send it again."
	}

	return e
}

// classOf returns the class of a refusal. It looks up the code with its subcode first (10/2018278 is a closed
// reply window), then the code alone (10 is a missing permission), and then the HTTP status.
func classOf(e *graphError) channels.Class {
	if !e.HasCode {
		return classByStatus(e.Status)
	}

	if e.NoAccess() { // to the Page, through which everything is sent
		return channels.AuthBroken
	}

	if class := classOfPair(e.Code, e.Subcode); class != "" {
		return class
	}

	switch e.Code {
	case codeNotAvailable:
		return channels.BadRecipient
	case codeTooManyCalls, codePageRate, codeCustomRate, codeMessengerRate:
		return channels.Throttled
	case codeUnknown, codeService, codeTemporary:
		return channels.Retry
	case codePermission, codeSession, codeTokenEnded, codeFirstPermission, codeNotAllowed:
		return channels.AuthBroken
	case codeBlocked:
		return channels.AccountBlocked
	case codeInvalid:
		return channels.BadContent
	}

	// An undocumented code is not retried, unless the HTTP status gives the class.
	if class := classByStatus(e.Status); class != channels.Retry {
		return class
	}

	return channels.BadContent
}

type codePair struct{ code, subcode int }

// classOfPair returns the class of a code with its subcode, or "" if the code alone decides. The codes of
// missing permissions (10 and 200) also appear, with various subcodes, when only one message is refused. With
// an unknown subcode they count as such a refusal, because the access itself works.
func classOfPair(code, subcode int) channels.Class {
	switch (codePair{code, subcode}) {
	case codePair{codePermission, subcodeWindow}, codePair{codePermission, subcodeWindowOld}, codePair{codePermission, subcodeWindowTagged}:
		return channels.WindowClosed
	case codePair{codePermission, subcodeNotReceiving}, codePair{codeFirstPermission, subcodeUnavailable},
		codePair{codeInvalid, subcodeNobody}:
		return channels.BadRecipient
	case codePair{codePermission, subcodeRestricted}:
		return channels.AccountBlocked
	case codePair{codeUnknown, subcodeLate}:
		return channels.Ambiguous
	}

	switch subcode {
	case subcodeRetry:
		return channels.Retry
	case 0, subcodeUnpaid, subcodeUnreviewed, subcodeTestersOnly:
		return ""
	}

	if code == codePermission || code == codeFirstPermission {
		return channels.BadContent
	}
	return ""
}

// classByStatus returns the class by HTTP status, for answers with an unknown code, and for those without one,
// which come from a server in front of Graph.
func classByStatus(status int) channels.Class {
	switch {
	case status == http.StatusTooManyRequests:
		return channels.Throttled
	case status == http.StatusUnauthorized:
		return channels.AuthBroken
	case status == http.StatusRequestEntityTooLarge:
		return channels.BadContent
	case status >= http.StatusInternalServerError:
		return channels.Ambiguous
	}
	return channels.Retry
}

// throttleWait returns how long to wait: the time that Facebook demands, or else a minute. Its quotas are per
// hour, but are refilled continuously.
func throttleWait(e *graphError) time.Duration {
	if e.RetryAfter > 0 {
		return e.RetryAfter
	}
	return time.Minute
}
