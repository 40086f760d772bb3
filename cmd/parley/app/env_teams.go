package app

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"parley/bridge/setup"
)

// TeamsEnv is what the environment says about Microsoft Teams.
type TeamsEnv struct {
	AppID       string // of the bot's registration; "" means no Teams
	AppPassword string
	TenantID    string

	// These replace Microsoft's addresses; "" means Microsoft's.
	LoginURL, OpenIDURL, GraphURL string
	ServiceURLs                   []string // that are allowed besides Microsoft's

	Rate          float64 // factor on the published rates
	AllowUnsigned bool    // unsigned requests are accepted, on loopback
	NoSignIn      bool    // nobody signs in to the site by Microsoft
}

// canSignIn reports whether people sign in to the site by the bot's registration.
func (t *TeamsEnv) canSignIn() bool {
	isRegistered := t.AppID != "" && t.AppPassword != ""
	return isRegistered && !t.NoSignIn
}

// read reads the variables. Faults don't quote values, because a password may be in the wrong variable.
func (t *TeamsEnv) read(read func(name, def string) string) (faults []error) {
	*t = TeamsEnv{
		AppID:       read("TEAMS_APP_ID", ""),
		AppPassword: read("TEAMS_APP_PASSWORD", ""),
		TenantID:    read("TEAMS_TENANT_ID", ""),
		LoginURL:    read("TEAMS_LOGIN_URL", ""),
		OpenIDURL:   read("TEAMS_OPENID_URL", ""),
		GraphURL:    read("TEAMS_GRAPH_URL", ""),
	}
	for address := range strings.SplitSeq(read("TEAMS_SERVICE_URLS", ""), ",") {
		if address = strings.TrimSpace(address); address != "" {
			t.ServiceURLs = append(t.ServiceURLs, address)
		}
	}

	var err error
	if t.Rate, err = parseFactor("TEAMS_RATE", read("TEAMS_RATE", "1")); err != nil {
		faults = append(faults, err)
	}

	switch read("TEAMS_ALLOW_UNSIGNED", "") {
	case "":
	case "loopback":
		t.AllowUnsigned = true
	default:
		faults = append(faults, errors.New("TEAMS_ALLOW_UNSIGNED: write loopback, for trying on this machine, or unset it"))
	}

	switch read("TEAMS_SIGN_IN", "") {
	case "":
	case "off":
		t.NoSignIn = true
	default:
		faults = append(faults, errors.New("TEAMS_SIGN_IN: write off, or unset it"))
	}

	return append(append(faults, t.checkIDs()...), t.checkAddresses()...)
}

// checkIDs checks the ids of a registration: all of them must be set, or none.
func (t *TeamsEnv) checkIDs() (faults []error) {
	if t.AppID == "" {
		hasOthers := t.AppPassword != "" || t.TenantID != "" || t.AllowUnsigned
		if hasOthers {
			faults = append(faults, errors.New("TEAMS_APP_ID is missing; the other Teams variables do nothing without it"))
		}
		return faults
	}

	if !setup.IsObjectID(t.AppID) {
		faults = append(faults, errors.New("TEAMS_APP_ID is no id like 00000000-0000-0000-0000-000000000000; copy the Microsoft App ID from the Azure Bot's Configuration page"))
	}

	if t.AppPassword == "" && !t.AllowUnsigned {
		faults = append(faults, errors.New("TEAMS_APP_ID needs TEAMS_APP_PASSWORD beside it: the Value (not the Secret ID) of a client secret of the app registration"))
	} else if setup.IsObjectID(t.AppPassword) {
		faults = append(faults, errors.New("TEAMS_APP_PASSWORD looks like the Secret ID; copy the secret's Value, which is shown once, when it is made"))
	}

	if t.TenantID == "" {
		faults = append(faults, errors.New("TEAMS_APP_ID needs TEAMS_TENANT_ID beside it: the Directory (tenant) ID of the app registration"))
	} else if !setup.IsObjectID(t.TenantID) {
		faults = append(faults, errors.New("TEAMS_TENANT_ID is no id like 00000000-0000-0000-0000-000000000000; copy the Directory (tenant) ID of the app registration (names like common won't do: the bot belongs to one tenant)"))
	}

	return faults
}

// checkAddresses checks that secrets and tokens are sent by https only, or stay on this machine.
func (t *TeamsEnv) checkAddresses() (faults []error) {
	check := func(name, address, example string) {
		if address != "" && !isSafeAddress(address) {
			faults = append(faults, fmt.Errorf("%s: write it like %s; http only for an address on loopback", name, example))
		}
	}
	check("TEAMS_LOGIN_URL", t.LoginURL, "https://login.microsoftonline.us")
	check("TEAMS_OPENID_URL", t.OpenIDURL, "https://login.botframework.azure.us/v1/.well-known/openidconfiguration")
	check("TEAMS_GRAPH_URL", t.GraphURL, "https://graph.microsoft.us/v1.0")
	for _, address := range t.ServiceURLs {
		check("TEAMS_SERVICE_URLS", address, "https://smba.infra.gov.teams.microsoft.us")
	}
	return faults
}

// isSafeAddress reports whether a text is an absolute https address, or one of http on loopback.
func isSafeAddress(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	if u.Hostname() == "" || u.User != nil {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	return u.Scheme == "http" && isLoopback(net.JoinHostPort(u.Hostname(), "0"))
}

// isLoopback reports whether an address (host:port) can only be reached from this machine.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
