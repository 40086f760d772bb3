package app

import (
	"strings"

	"parley/bridge/setup"
)

// TeamsEnv configures Microsoft Teams. A company that uses Teams registers Parley as a bot at Microsoft and sets
// TEAMS_APP_ID, TEAMS_APP_PASSWORD and TEAMS_TENANT_ID. The other variables are for government clouds and for tests. If
// AppID is empty, an admin may enter the registration on a web page instead.
type TeamsEnv struct {
	// The bot's registration: all three are set, or none. With AllowUnsigned, the password may be missing.
	AppID       string
	AppPassword string
	TenantID    string

	// Base addresses of Microsoft's services; "" means the public cloud's.
	LoginURL  string
	OpenIDURL string
	GraphURL  string

	ServiceURLs   []string // further addresses to which Parley may send messages, besides Microsoft's
	Rate          float64  // factor on Microsoft's published rate limits; 0 means no limit
	AllowUnsigned bool     // accept requests without a signature; for trying Parley on loopback
	NoSignIn      bool     // agents can't sign in to Parley's pages with Microsoft
}

// readTeams reads and checks the variables of Teams.
func readTeams(v *variables) TeamsEnv {
	t := TeamsEnv{
		AppID:       v.text("TEAMS_APP_ID"),
		AppPassword: v.text("TEAMS_APP_PASSWORD"),
		TenantID:    v.text("TEAMS_TENANT_ID"),
		LoginURL:    v.address("TEAMS_LOGIN_URL", "write it like https://login.microsoftonline.us"),
		OpenIDURL: v.address("TEAMS_OPENID_URL",
			"write it like https://login.botframework.azure.us/v1/.well-known/openidconfiguration"),
		GraphURL:      v.address("TEAMS_GRAPH_URL", "write it like https://graph.microsoft.us/v1.0"),
		ServiceURLs:   readServiceURLs(v),
		Rate:          v.factor("TEAMS_RATE"),
		AllowUnsigned: v.isWord("TEAMS_ALLOW_UNSIGNED", "loopback", "write loopback, for trying on this machine, or unset it"),
		NoSignIn:      v.isWord("TEAMS_SIGN_IN", "off", "write off, or unset it"),
	}
	t.checkRegistration(v)
	return t
}

// readServiceURLs reads a comma-separated list of addresses.
func readServiceURLs(v *variables) (list []string) {
	for address := range strings.SplitSeq(v.text("TEAMS_SERVICE_URLS"), ",") {
		address = strings.TrimSpace(address)
		if address == "" {
			continue
		}
		v.checkAddress("TEAMS_SERVICE_URLS", address, "write it like https://smba.infra.gov.teams.microsoft.us")
		list = append(list, address)
	}
	return list
}

// checkRegistration checks that the registration is complete. It also detects values that are easily confused on
// Microsoft's pages: a secret has both an ID and a Value, and only the Value is the password.
func (t *TeamsEnv) checkRegistration(v *variables) {
	if t.AppID == "" {
		hasOthers := t.AppPassword != "" || t.TenantID != "" || t.AllowUnsigned
		if hasOthers {
			v.addFault("TEAMS_APP_ID is missing; the other Teams variables do nothing without it")
		}
		return
	}

	const form = "00000000-0000-0000-0000-000000000000"
	if !setup.IsObjectID(t.AppID) {
		v.addFault("TEAMS_APP_ID isn't an id like %s; copy the Microsoft App ID from the Azure Bot's Configuration page", form)
	}

	switch {
	case t.AppPassword == "" && !t.AllowUnsigned:
		v.addFault("TEAMS_APP_ID needs TEAMS_APP_PASSWORD beside it: " +
			"the Value (not the Secret ID) of a client secret of the app registration")
	case setup.IsObjectID(t.AppPassword):
		v.addFault("TEAMS_APP_PASSWORD looks like the Secret ID; copy the secret's Value, which is shown once, when it is made")
	}

	switch {
	case t.TenantID == "":
		v.addFault("TEAMS_APP_ID needs TEAMS_TENANT_ID beside it: the Directory (tenant) ID of the app registration")
	case !setup.IsObjectID(t.TenantID):
		v.addFault("TEAMS_TENANT_ID isn't an id like %s; copy the Directory (tenant) ID of the app registration "+
			"(names like common won't do: the bot belongs to one tenant)", form)
	}
}

// canSignIn reports whether agents can sign in with Microsoft.
func (t *TeamsEnv) canSignIn() bool {
	isRegistered := t.AppID != "" && t.AppPassword != ""
	return isRegistered && !t.NoSignIn
}
