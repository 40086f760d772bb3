package demo

import (
	"errors"

	"parley/channels/email/oauthfake"
)

// Parley's registration at the emulated providers of mailboxes.
const (
	providerID     = "fake-client-id"
	providerSecret = "fake-client-secret"
)

// providers are those at which people let Parley into their mailboxes; nil = there are none.
type providers struct{ google, microsoft *oauthfake.Server }

// openProviders starts the providers, if the world has phones, too: then it stands in for everything.
func (w *World) openProviders() error {
	if !w.o.Phones {
		return nil
	}
	open := func(p oauthfake.Provider) *oauthfake.Server {
		return oauthfake.New(oauthfake.Options{Provider: p, ClientID: providerID, ClientSecret: providerSecret, Log: w.o.Log,
			Redirects: []string{w.o.PublicURL + "/settings/mailboxes/return"}})
	}
	w.providers = &providers{open(oauthfake.Google), open(oauthfake.Microsoft)}
	return errors.Join(w.providers.google.Start(""), w.providers.microsoft.Start(""))
}

// accepts says whether an access token opens a mailbox.
func (w *World) accepts(username, token string) bool {
	return w.providers != nil && (w.providers.google.Accepts(username, token) || w.providers.microsoft.Accepts(username, token))
}

func (w *World) closeProviders() error {
	if w.providers == nil {
		return nil
	}
	return errors.Join(w.providers.google.Close(), w.providers.microsoft.Close())
}

// providerEnv gives the variables that point Parley at the providers.
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
	return vars
}
