package demo

import (
	"errors"

	"parley/bot/web/oidcfake"
	"parley/bot/web/openid"
	"parley/channels/email/oauthfake"
)

// Parley's OAuth client registration at the emulated providers.
const (
	providerID     = "fake-client-id"
	providerSecret = "fake-client-secret"
)

// Admin is the agent as whom the demo opens Parley's settings site.
const Admin = "ann@acme.test"

// signInName is the label of the provider on the settings site's sign-in page.
const signInName = "Acme"

// providers emulates the identity providers of a company. Google and Microsoft grant Parley access to mailboxes (OAuth).
// An OpenID provider signs agents in to Parley's settings site.
type providers struct {
	google, microsoft *oauthfake.Server // for mailboxes
	signIn            *oidcfake.Server  // for the settings site
}

// openProviders starts the providers. Only a company with Options.Phones has them.
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

// isTokenAccepted reports whether an access token opens the mailbox of username, at either provider.
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

// providerEnv returns the environment variables that connect Parley to the providers.
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
