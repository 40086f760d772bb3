package app

import (
	"strings"

	"parley/bridge/setup"
)

// TeamsEnv is what the environment says about Microsoft Teams: the registration of Parley's bot, and what is unlike the usual.
// Where AppID is empty, an admin may give a registration on a page (see withChat).
type TeamsEnv struct {
	// The registration. All are set or none, but AllowUnsigned does without the password.
	AppID       string
	AppPassword string
	TenantID    string

	// Addresses in place of Microsoft's; "" means Microsoft's.
	LoginURL  string
	OpenIDURL string
	GraphURL  string

	ServiceURLs   []string // further addresses, besides Microsoft's, to which Parley may answer
	Rate          float64  // factor on the published rates
	AllowUnsigned bool     // requests that nobody signed are accepted; for trying, on loopback alone
	NoSignIn      bool     // nobody signs in to the site by Microsoft
}

// readTeams reads the variables of Teams, and checks them.
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

// readServiceURLs reads a list of addresses with commas between them.
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

// checkRegistration checks that the registration is whole, and that nobody has mistaken one of Microsoft's values for another.
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

// canSignIn reports whether people sign in to the site by the bot's registration.
func (t *TeamsEnv) canSignIn() bool {
	isRegistered := t.AppID != "" && t.AppPassword != ""
	return isRegistered && !t.NoSignIn
}
