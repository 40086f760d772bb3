package wire

import (
	"context"
	"encoding/json"
	"fmt"

	"parley/channels"
	"parley/channels/email/rawmail"
	"parley/channels/email/settings"
)

// This file signs in to mail servers with an OAuth access token in place of a password, for IMAP and SMTP alike.

// Token returns the access token for the servers of an account, or "" if the account signs in by password. refused is
// a token that a server has just refused, so that the grant gets a new one, or "". grant is nil if nobody has
// connected the account yet.
// Errors: *channels.SendError.
func Token(ctx context.Context, set settings.Settings, grant channels.Grant, refused string) (string, error) {
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

// ReconnectHint says how a person connects an account to its provider again.
func ReconnectHint(set settings.Settings) string {
	return "Connect the account again: parley connect " + set.OAuth + ". Its settings and what waits to be sent are kept."
}

// RefusedTokenHint says what to do when a server refuses a fresh access token.
func RefusedTokenHint(set settings.Settings, protocol string) string {
	return fmt.Sprintf("Check that %s is switched on for the mailbox, and that whoever signed in may open it. "+
		"Then connect the account again: "+
		"parley connect %s.", protocol, set.OAuth)
}

// XOAUTH2 is the client's side of the SASL mechanism of that name, which Google and Microsoft have in common.
// It is sasl.Client.
// Source: developers.google.com/workspace/gmail/imap/xoauth2-protocol, read November 2026.
type XOAUTH2 struct {
	Username, Token string

	challenge []byte // what the server sent before it refused; nil if it didn't
}

// Start implements sasl.Client.
func (x *XOAUTH2) Start() (mechanism string, response []byte, err error) {
	return "XOAUTH2", []byte("user=" + x.Username + "\x01auth=Bearer " + x.Token + "\x01\x01"), nil
}

// Next implements sasl.Client. A server that sends a challenge has refused the token: the challenge says why. It
// expects an empty answer, and then sends its final refusal.
func (x *XOAUTH2) Next(challenge []byte) ([]byte, error) {
	x.challenge = challenge
	return []byte{}, nil
}

// Refusal reports whether the server has refused the token, and in which words, which may be "". Some servers
// refuse a token only in the challenge, and then complain of the empty answer.
func (x *XOAUTH2) Refusal() (words string, refused bool) {
	if x.challenge == nil {
		return "", false
	}

	var said struct {
		Status, Error, Description string
	}
	if err := json.Unmarshal(x.challenge, &said); err != nil {
		return "", true
	}

	for _, word := range []string{said.Description, said.Error, said.Status} {
		if word != "" {
			return rawmail.Excerpt(word), true
		}
	}

	return "", true
}

// TokenRefused means that a server does not take an access token.
type TokenRefused struct {
	Words string // what the server said; may be ""
	Cause error
}

// Error implements error.
func (e *TokenRefused) Error() string { return fmt.Sprintf("the access token is refused: %v", e.Cause) }

// Unwrap returns the cause.
func (e *TokenRefused) Unwrap() error { return e.Cause }
