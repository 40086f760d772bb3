package app

import (
	emailmailbox "parley/channels/email/mailbox"
	"parley/channels/meta"
)

// Some accounts are connected by OAuth consent instead of a password: a person signs in at the provider in a browser
// and allows Parley to use a mailbox or a WhatsApp number. For that, the company registers an app at the provider. This
// file reads the registrations from the environment, such as GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET.

// readRegistrations reads the app registrations at the providers of mailboxes.
func readRegistrations(v *variables) map[string]emailmailbox.App {
	const advice = "write the whole address, like https://login.example.org/token"
	google := emailmailbox.App{
		ID:       v.text("GOOGLE_CLIENT_ID"),
		Secret:   v.text("GOOGLE_CLIENT_SECRET"),
		AuthURL:  v.address("GOOGLE_AUTH_URL", advice),
		TokenURL: v.address("GOOGLE_TOKEN_URL", advice),
	}
	if google.ID == "" && google.Secret != "" {
		v.addFault("GOOGLE_CLIENT_ID is missing; GOOGLE_CLIENT_SECRET does nothing without it")
	}

	microsoft := emailmailbox.App{
		ID:       v.text("MICROSOFT_CLIENT_ID"),
		Secret:   v.text("MICROSOFT_CLIENT_SECRET"),
		AuthURL:  v.address("MICROSOFT_AUTH_URL", advice),
		TokenURL: v.address("MICROSOFT_TOKEN_URL", advice),
	}
	if microsoft.ID == "" && microsoft.Secret != "" {
		v.addFault("MICROSOFT_CLIENT_ID is missing; MICROSOFT_CLIENT_SECRET does nothing without it")
	}

	return map[string]emailmailbox.App{emailmailbox.Google: google, emailmailbox.Microsoft: microsoft}
}

// readSignUp reads the registration of the app at Meta with which people connect WhatsApp numbers.
func readSignUp(v *variables) meta.SignUpOptions {
	o := meta.SignUpOptions{
		AppID:     v.text("META_APP_ID"),
		Secret:    v.text("META_APP_SECRET"),
		Config:    v.text("META_SIGNUP_CONFIG_ID"),
		DialogURL: v.address("META_DIALOG_URL", "write the whole address, like https://www.facebook.com/v26.0/dialog/oauth"),
	}
	if isPartial(o.AppID, o.Secret, o.Config) {
		v.addFault("META_APP_ID, META_APP_SECRET and META_SIGNUP_CONFIG_ID belong together: set all or none")
	}
	return o
}

// newSignUp returns the client with which people connect WhatsApp numbers; nil if no app is registered.
func (e Env) newSignUp() (*meta.SignUp, error) {
	if e.SignUp.AppID == "" {
		return nil, nil
	}
	outside := e.Outside(meta.WhatsApp(), "", nil)
	o := e.SignUp
	o.APIURL, o.Dialer = outside.APIURL, outside.Dialer
	return meta.NewSignUp(o)
}
