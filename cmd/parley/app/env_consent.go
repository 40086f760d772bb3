package app

import (
	"fmt"
	"strings"

	"parley/channels/email/oauth"
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
			if u.address != "" && !safeAddress(u.address) {
				faults = append(faults, fmt.Errorf("%s_%s: write the whole address, like https://login.example.org/token; http only for an address on loopback",
					prefix, u.name))
			}
		}
	}
	return faults
}
