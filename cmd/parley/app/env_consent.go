package app

import (
	"errors"
	"fmt"
	"strings"

	"parley/channels/email/oauth"
	"parley/channels/whatsapp"
)

// readConsent reads Parley's registrations at the providers of mailboxes.
func (e *Env) readConsent(read func(name, def string) string) (faults []error) {
	e.OAuth = map[string]oauth.App{
		oauth.Google: {ID: read("GOOGLE_CLIENT_ID", ""), Secret: read("GOOGLE_CLIENT_SECRET", ""),
			AuthURL: read("GOOGLE_AUTH_URL", ""), TokenURL: read("GOOGLE_TOKEN_URL", "")},
		oauth.Microsoft: {ID: read("MICROSOFT_CLIENT_ID", ""), Secret: read("MICROSOFT_CLIENT_SECRET", ""),
			AuthURL: read("MICROSOFT_AUTH_URL", ""), TokenURL: read("MICROSOFT_TOKEN_URL", "")},
	}
	for _, name := range []string{oauth.Google, oauth.Microsoft} {
		app, prefix := e.OAuth[name], strings.ToUpper(name)
		if app.ID == "" && app.Secret != "" {
			faults = append(faults, fmt.Errorf("%s_CLIENT_ID is missing; %s_CLIENT_SECRET does nothing without it", prefix, prefix))
		}

		for _, u := range []struct{ name, address string }{{"AUTH_URL", app.AuthURL}, {"TOKEN_URL", app.TokenURL}} {
			if u.address != "" && !isSafeAddress(u.address) {
				faults = append(faults, fmt.Errorf("%s_%s: write the whole address, like https://login.example.org/token; http only for an address on loopback",
					prefix, u.name))
			}
		}
	}

	return append(faults, e.readSignUp(read)...)
}

// readSignUp reads the company's app at Meta by which people connect numbers of WhatsApp.
func (e *Env) readSignUp(read func(name, def string) string) (faults []error) {
	o := whatsapp.SignUpOptions{AppID: read("META_APP_ID", ""), Secret: read("META_APP_SECRET", ""), Config: read("META_SIGNUP_CONFIG_ID", ""), DialogURL: read("META_DIALOG_URL", "")}
	given := 0
	for _, value := range []string{o.AppID, o.Secret, o.Config} {
		if value != "" {
			given++
		}
	}

	const all = 3
	if given > 0 && given < all {
		faults = append(faults, errors.New("META_APP_ID, META_APP_SECRET and META_SIGNUP_CONFIG_ID belong together: set all or none"))
	}
	if o.DialogURL != "" && !isSafeAddress(o.DialogURL) {
		faults = append(faults, errors.New("META_DIALOG_URL: write the whole address, like https://www.facebook.com/v26.0/dialog/oauth; http only for an address on loopback"))
	}

	e.SignUp = o
	return faults
}

// newSignUp makes what connects numbers of WhatsApp; nil without an app for it.
func (e Env) newSignUp() (*whatsapp.SignUp, error) {
	if e.SignUp.AppID == "" {
		return nil, nil
	}
	outside := e.Outside(whatsapp.Spec(), "", nil)
	o := e.SignUp
	o.APIURL, o.Dialer = outside.APIURL, outside.Dialer
	return whatsapp.NewSignUp(o)
}
