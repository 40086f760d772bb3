package mailbox

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"parley/channels"
	emailmessage "parley/channels/email/message"
)

// This file signs in to IMAP and SMTP servers with an OAuth access token instead of a password. A grant is the stored
// consent of the mailbox's owner; it issues access tokens, which last about an hour.

// Token returns the access token of an account, or "" if the account signs in with a password. refused is a token that a
// server has just refused, so that the grant must get a new one; "" accepts a cached one. grant is nil if nobody has
// connected the account yet. The error is a *channels.SendError.
func Token(ctx context.Context, set emailmessage.Settings, grant channels.Grant, refused string) (string, error) {
	if set.OAuth == "" {
		return "", nil
	}
	if grant == nil {
		return "", &channels.SendError{
			Class: channels.AuthBroken,
			Text:  "The mailbox is not connected to its provider.",
			Hint:  ReconnectHint(set),
		}
	}
	return grant.Token(ctx, refused)
}

// ReconnectHint returns the hint to connect an account to its provider again.
func ReconnectHint(set emailmessage.Settings) string {
	return "Connect the account again on its page Connection, or with parley connect " + set.OAuth +
		". Its settings and what waits to be sent are kept."
}

// RefusedTokenHint returns the hint after a server refused a fresh access token. protocol is "IMAP" or "SMTP".
func RefusedTokenHint(set emailmessage.Settings, protocol string) string {
	return fmt.Sprintf("Check that %s is switched on for the mailbox, and that whoever signed in may open it. "+
		"Then connect the account again on its page Connection, or with parley connect %s.", protocol, set.OAuth)
}

// XOAUTH2 is a sasl.Client for the mechanism XOAUTH2, which both Google and Microsoft support. A value can be used for
// one sign-in.
// Source: developers.google.com/workspace/gmail/imap/xoauth2-protocol, read November 2026.
type XOAUTH2 struct {
	Username, Token string

	challenge []byte // the server's error message; nil if there was none
}

// Start returns the initial response, which contains the token.
func (x *XOAUTH2) Start() (mechanism string, response []byte, err error) {
	return "XOAUTH2", []byte("user=" + x.Username + "\x01auth=Bearer " + x.Token + "\x01\x01"), nil
}

// Next answers a challenge, with which a server refuses the token and gives the reason. The server expects an empty
// response, and then ends the sign-in with an error.
func (x *XOAUTH2) Next(challenge []byte) ([]byte, error) {
	x.challenge = challenge
	return []byte{}, nil
}

// Refusal reports whether the server has refused the token, and the reason, which may be "". It is needed because the
// final error of some servers is only about the empty response.
func (x *XOAUTH2) Refusal() (reason string, refused bool) {
	if x.challenge == nil {
		return "", false
	}

	var message struct {
		Status, Error, Description string
	}
	if err := json.Unmarshal(x.challenge, &message); err != nil {
		return "", true
	}
	reason = cmp.Or(message.Description, message.Error, message.Status)
	return emailmessage.Excerpt(reason), true
}

// TokenRefused is the error of a sign-in whose access token the server refused.
type TokenRefused struct {
	Words string // the server's reason; may be ""
	Cause error
}

func (e *TokenRefused) Error() string { return fmt.Sprintf("the access token is refused: %v", e.Cause) }

func (e *TokenRefused) Unwrap() error { return e.Cause }
