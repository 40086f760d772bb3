package mailfake

import (
	"bytes"
	"slices"
	"strings"

	"github.com/emersion/go-sasl"
)

// This file implements the server side of logins, which IMAP and SMTP share: the SASL mechanisms PLAIN, LOGIN and XOAUTH2.

// challengeBadToken is the challenge that Gmail sends before it refuses an access token.
const challengeBadToken = `{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}`

// isGoodPassword is the loginCheck of passwords.
func (b *mailboxes) isGoodPassword(a *account, _, password string) bool {
	return a.cfg.Password != "" && a.cfg.Password == password
}

// isGoodToken is the loginCheck of access tokens.
func (b *mailboxes) isGoodToken(a *account, username, token string) bool {
	return slices.Contains(a.cfg.Tokens, token) || b.opts.CheckToken != nil && b.opts.CheckToken(username, token)
}

// refusals are the errors of a protocol for wrong credentials (login) and for malformed responses.
type refusals struct{ login, malformed error }

// saslServer returns the server for a SASL mechanism, or nil if it isn't supported. checkPassword and checkToken return an
// error for wrong credentials.
func saslServer(mech string, checkPassword, checkToken func(user, secret string) error, refuse refusals) sasl.Server {
	switch strings.ToUpper(mech) {
	case sasl.Plain:
		return &plainServer{malformed: refuse.malformed, Server: sasl.NewPlainServer(func(identity, user, password string) error {
			if identity != "" && identity != user {
				return refuse.login
			}
			return checkPassword(user, password)
		})}
	case sasl.Login:
		return &loginServer{check: checkPassword}
	case "XOAUTH2":
		return &xoauth2Server{check: checkToken, malformed: refuse.malformed}
	}

	return nil
}

// plainServer refuses responses that don't have the three fields of PLAIN, with the error of the protocol.
type plainServer struct {
	sasl.Server
	malformed error
}

// Next implements sasl.Server.
func (p *plainServer) Next(response []byte) ([]byte, bool, error) {
	if response != nil && bytes.Count(response, []byte{0}) != 2 {
		return nil, true, p.malformed
	}
	return p.Server.Next(response)
}

// loginServer implements the obsolete mechanism LOGIN: it asks for the user name, then for the password.
type loginServer struct {
	check func(user, password string) error
	asked int // questions so far
	user  string
}

// Next implements sasl.Server.
func (l *loginServer) Next(response []byte) ([]byte, bool, error) {
	if response == nil && l.asked == 0 {
		l.asked = 1
		return []byte("Username:"), false, nil
	}
	if l.asked < 2 {
		l.user, l.asked = string(response), 2
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.user, string(response))
}

// xoauth2Server accepts "user=" address ^A "auth=Bearer " token ^A ^A. If it refuses the token, it first sends a JSON
// challenge, as Google and Microsoft document it.
type xoauth2Server struct {
	check     func(user, token string) error
	malformed error
	refused   error // the end of the exchange, after the challenge
}

// Next implements sasl.Server.
func (x *xoauth2Server) Next(response []byte) ([]byte, bool, error) {
	if x.refused != nil {
		return nil, true, x.refused
	}
	if response == nil {
		return []byte{}, false, nil
	}

	var user, token string
	for _, field := range bytes.Split(response, []byte{1}) {
		if v, ok := bytes.CutPrefix(field, []byte("user=")); ok {
			user = string(v)
		}
		if v, ok := bytes.CutPrefix(field, []byte("auth=Bearer ")); ok {
			token = string(v)
		}
	}

	if user == "" || token == "" {
		return nil, true, x.malformed
	}
	if x.refused = x.check(user, token); x.refused != nil {
		return []byte(challengeBadToken), false, nil
	}

	return nil, true, nil
}
