//go:build !served

package main

import (
	"strings"

	"parley/bot/web/oidcfake"
	"parley/bot/web/openid"
)

// newSignIn starts the emulated OpenID provider of the agents of these emulators, and of one person who is no agent.
// Parley is registered there at a public URL. Close ends it.
func newSignIn(address, publicURL string) (*oidcfake.Server, []string, error) {
	o := oidcfake.Options{ClientID: "parley", ClientSecret: "fake-client-secret-of-the-emulators", RedirectURI: strings.TrimRight(publicURL, "/") + openid.Back(openid.Any)}
	for _, mail := range []string{"ann@acme.test", "ben@acme.test", "stranger@acme.test"} {
		o.Users = append(o.Users, oidcfake.User{ID: mail, Claims: map[string]any{"email": mail, "email_verified": true}})
	}
	s := oidcfake.New(o)
	if err := s.Start(address); err != nil {
		return nil, nil, err
	}
	return s, []string{"OIDC_ISSUER=" + s.Issuer(), "OIDC_CLIENT_ID=" + o.ClientID, "OIDC_CLIENT_SECRET=" + o.ClientSecret, "OIDC_NAME=Acme"}, nil
}
