package company

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

// providers are the providers of a company's accounts.
type providers struct {
	google, microsoft *oauthfake.Server // where people let Parley into their mailboxes
	signIn            *oidcfake.Server  // says who people are
}

// openProviders starts the providers. Only a company with phones has them: it stands in for everything.
func (c *Company) openProviders() error {
	if !c.o.Phones {
		return nil
	}
	open := func(p oauthfake.Provider) *oauthfake.Server {
		return oauthfake.New(oauthfake.Options{
			Provider:     p,
			ClientID:     providerID,
			ClientSecret: providerSecret,
			Redirects:    []string{c.o.PublicURL + "/settings/mailboxes/return"},
			Log:          c.o.Log,
		})
	}
	c.providers = &providers{google: open(oauthfake.Google), microsoft: open(oauthfake.Microsoft), signIn: c.newSignIn()}
	return errors.Join(c.providers.google.Start(""), c.providers.microsoft.Start(""), c.providers.signIn.Start(c.o.OIDCAddr))
}

// newSignIn makes the OpenID provider of Ann, the admin, Ben, an agent, and one person who isn't an agent.
func (c *Company) newSignIn() *oidcfake.Server {
	o := oidcfake.Options{
		ClientID:     providerID,
		ClientSecret: providerSecret,
		RedirectURI:  c.o.PublicURL + openid.CallbackPath(openid.Any),
		Log:          c.o.Log,
	}
	for _, mail := range []string{Admin, "ben@acme.test", "stranger@acme.test"} {
		o.Users = append(o.Users, oidcfake.User{ID: mail, Claims: map[string]any{"email": mail, "email_verified": true}})
	}
	return oidcfake.New(o)
}

// isTokenAccepted reports whether an access token opens a mailbox, at either provider.
func (c *Company) isTokenAccepted(username, token string) bool {
	if c.providers == nil {
		return false
	}
	return c.providers.google.Accepts(username, token) || c.providers.microsoft.Accepts(username, token)
}

func (c *Company) closeProviders() error {
	if c.providers == nil {
		return nil
	}
	return errors.Join(c.providers.google.Close(), c.providers.microsoft.Close(), c.providers.signIn.Close())
}

// providerEnv returns the variables that point Parley at the providers.
func (c *Company) providerEnv() (vars []string) {
	if c.providers == nil {
		return nil
	}
	for _, p := range []struct {
		prefix string
		server *oauthfake.Server
	}{{"GOOGLE", c.providers.google}, {"MICROSOFT", c.providers.microsoft}} {
		vars = append(vars, p.prefix+"_CLIENT_ID="+providerID, p.prefix+"_CLIENT_SECRET="+providerSecret,
			p.prefix+"_AUTH_URL="+p.server.AuthURL(), p.prefix+"_TOKEN_URL="+p.server.TokenURL())
	}
	return append(vars, "OIDC_ISSUER="+c.providers.signIn.Issuer(), "OIDC_CLIENT_ID="+providerID, "OIDC_CLIENT_SECRET="+providerSecret,
		"OIDC_NAME="+signInName)
}
