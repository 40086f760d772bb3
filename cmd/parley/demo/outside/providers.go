package outside

import (
	"errors"

	"parley/bot/web/oidcfake"
	"parley/bot/web/openid"
	"parley/channels/email/oauthfake"
)

// Parley's registration at the emulated providers of mailboxes.
const (
	providerID     = "fake-client-id"
	providerSecret = "fake-client-secret"
)

// Admin is whose settings site the demo opens.
const Admin = "ann@acme.test"

// signInName is what people call the provider by which they sign in to the site.
const signInName = "Acme"

// providers are the providers of a world's accounts.
type providers struct {
	google, microsoft *oauthfake.Server // where people let Parley into their mailboxes
	signIn            *oidcfake.Server  // says who people are
}

// openProviders starts the providers. Only a world with phones has them: it stands in for everything.
func (w *World) openProviders() error {
	if !w.o.Phones {
		return nil
	}
	open := func(p oauthfake.Provider) *oauthfake.Server {
		return oauthfake.New(oauthfake.Options{
			Provider:     p,
			ClientID:     providerID,
			ClientSecret: providerSecret,
			Redirects:    []string{w.o.PublicURL + "/settings/mailboxes/return"},
			Log:          w.o.Log,
		})
	}
	w.providers = &providers{google: open(oauthfake.Google), microsoft: open(oauthfake.Microsoft), signIn: w.newSignIn()}
	return errors.Join(w.providers.google.Start(""), w.providers.microsoft.Start(""), w.providers.signIn.Start(w.o.OIDCAddr))
}

// newSignIn makes the OpenID provider of Ann, the admin, Ben, an agent, and one person who is no agent.
func (w *World) newSignIn() *oidcfake.Server {
	o := oidcfake.Options{
		ClientID:     providerID,
		ClientSecret: providerSecret,
		RedirectURI:  w.o.PublicURL + openid.Back(openid.Any),
		Log:          w.o.Log,
	}
	for _, mail := range []string{Admin, "ben@acme.test", "stranger@acme.test"} {
		o.Users = append(o.Users, oidcfake.User{ID: mail, Claims: map[string]any{"email": mail, "email_verified": true}})
	}
	return oidcfake.New(o)
}

// isTokenAccepted reports whether an access token opens a mailbox, at either provider.
func (w *World) isTokenAccepted(username, token string) bool {
	if w.providers == nil {
		return false
	}
	return w.providers.google.Accepts(username, token) || w.providers.microsoft.Accepts(username, token)
}

func (w *World) closeProviders() error {
	if w.providers == nil {
		return nil
	}
	return errors.Join(w.providers.google.Close(), w.providers.microsoft.Close(), w.providers.signIn.Close())
}

// providerEnv returns the variables that point Parley at the providers.
func (w *World) providerEnv() (vars []string) {
	if w.providers == nil {
		return nil
	}
	for _, p := range []struct {
		prefix string
		server *oauthfake.Server
	}{{"GOOGLE", w.providers.google}, {"MICROSOFT", w.providers.microsoft}} {
		vars = append(vars, p.prefix+"_CLIENT_ID="+providerID, p.prefix+"_CLIENT_SECRET="+providerSecret,
			p.prefix+"_AUTH_URL="+p.server.AuthURL(), p.prefix+"_TOKEN_URL="+p.server.TokenURL())
	}
	return append(vars, "OIDC_ISSUER="+w.providers.signIn.Issuer(), "OIDC_CLIENT_ID="+providerID, "OIDC_CLIENT_SECRET="+providerSecret, "OIDC_NAME="+signInName)
}
