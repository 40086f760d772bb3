package app

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"parley/bot/teams/rest"
	"parley/bot/web/openid"
)

// SignInEnv is what the environment says about who vouches for agents on the site, and for where visitors come from. Microsoft
// needs nothing here: the bot's own registration (TeamsEnv) signs people of its tenant in, unless TEAMS_SIGN_IN says otherwise.
type SignInEnv struct {
	SlackClientID     string // "" if nobody signs in by Slack
	SlackClientSecret string
	SlackIssuer       string

	Issuer       string // of any other provider; "" if there is none
	ClientID     string
	ClientSecret string
	Name         string // what people call it

	Proxies []netip.Prefix // networks of proxies that tell who asked them, besides this machine and private ones
}

// slackIssuer is how Slack calls itself.
const slackIssuer = "https://slack.com"

// read reads the variables. Faults don't quote values, because a secret may be in the wrong variable.
func (s *SignInEnv) read(read func(name, def string) string) (faults []error) {
	*s = SignInEnv{
		SlackClientID: read("SLACK_CLIENT_ID", ""), SlackClientSecret: read("SLACK_CLIENT_SECRET", ""), SlackIssuer: read("SLACK_OPENID_URL", slackIssuer),
		Issuer: read("OIDC_ISSUER", ""), ClientID: read("OIDC_CLIENT_ID", ""), ClientSecret: read("OIDC_CLIENT_SECRET", ""), Name: read("OIDC_NAME", ""),
	}
	if (s.SlackClientID == "") != (s.SlackClientSecret == "") {
		faults = append(faults, errors.New("SLACK_CLIENT_ID and SLACK_CLIENT_SECRET belong together: copy both from the app's Basic Information page"))
	}
	if !isSafeAddress(s.SlackIssuer) {
		faults = append(faults, errors.New("SLACK_OPENID_URL: write it like https://slack.com; http only for an address on loopback"))
	}
	if err := s.readProxies(read("PARLEY_TRUSTED_PROXIES", "")); err != nil {
		faults = append(faults, err)
	}
	return append(faults, s.checkProvider()...)
}

// readProxies reads a list of networks and single addresses.
func (s *SignInEnv) readProxies(list string) error {
	for text := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		network, err := netip.ParsePrefix(text)
		if ip, noNetwork := netip.ParseAddr(text); noNetwork == nil {
			network, err = ip.Prefix(ip.BitLen())
		}
		if err != nil {
			return errors.New("PARLEY_TRUSTED_PROXIES: write networks or addresses with commas between, like 35.191.0.0/16,130.211.0.0/22")
		}
		s.Proxies = append(s.Proxies, network)
	}
	return nil
}

// checkProvider checks the variables of a provider other than Slack and Microsoft.
func (s *SignInEnv) checkProvider() (faults []error) {
	set := 0
	for _, value := range []string{s.Issuer, s.ClientID, s.ClientSecret} {
		if value != "" {
			set++
		}
	}

	const all = 3
	switch set {
	case 0:
		if s.Name != "" {
			faults = append(faults, errors.New("OIDC_NAME does nothing without OIDC_ISSUER"))
		}
	case all:
		if !isSafeAddress(s.Issuer) {
			faults = append(faults, errors.New("OIDC_ISSUER: write it like https://login.acme.example, as the provider writes it; http only for an address on loopback"))
		}
	default:
		faults = append(faults, errors.New("OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET belong together; set all of them, or none"))
	}

	return faults
}

// Providers are those by which agents sign in, on a site at base ("https://help.acme.example"). Each sends people back
// to openid.Back.
func (e *Env) Providers(base string) (list []openid.Config) {
	s := e.SignIn
	if s.SlackClientID != "" && e.SlackBotToken != "" {
		list = append(list, openid.Config{Kind: openid.Slack, Name: "Slack", Issuer: s.SlackIssuer, ClientID: s.SlackClientID, ClientSecret: s.SlackClientSecret})
	}
	if e.Teams.canSignIn() {
		issuer := fmt.Sprintf("%s/%s/v2.0", strings.TrimRight(cmp.Or(e.Teams.LoginURL, rest.DefaultLoginURL), "/"), e.Teams.TenantID)
		list = append(list, openid.Config{Kind: openid.Microsoft, Name: "Microsoft", Issuer: issuer, ClientID: e.Teams.AppID, ClientSecret: e.Teams.AppPassword, Tenant: e.Teams.TenantID})
	}
	if s.Issuer != "" {
		list = append(list, openid.Config{Kind: openid.Any, Name: cmp.Or(s.Name, hostOf(s.Issuer)), Issuer: s.Issuer, ClientID: s.ClientID, ClientSecret: s.ClientSecret})
	}

	for i := range list {
		list[i].Redirect = base + openid.Back(list[i].Kind)
	}

	return list
}

// hostOf names a provider that was given no name.
func hostOf(issuer string) string {
	u, err := url.Parse(issuer)
	if err != nil || u.Hostname() == "" {
		return issuer
	}
	return u.Hostname()
}
