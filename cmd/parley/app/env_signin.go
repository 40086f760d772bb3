package app

import (
	"cmp"
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

// readSignIn reads the variables, and checks them.
func readSignIn(v *variables) SignInEnv {
	s := SignInEnv{
		SlackClientID:     v.text("SLACK_CLIENT_ID"),
		SlackClientSecret: v.text("SLACK_CLIENT_SECRET"),
		SlackIssuer:       cmp.Or(v.address("SLACK_OPENID_URL", "write it like https://slack.com"), slackIssuer),
		Issuer:            v.text("OIDC_ISSUER"),
		ClientID:          v.text("OIDC_CLIENT_ID"),
		ClientSecret:      v.text("OIDC_CLIENT_SECRET"),
		Name:              v.text("OIDC_NAME"),
		Proxies:           readProxies(v),
	}
	if isPartial(s.SlackClientID, s.SlackClientSecret) {
		v.addFault("SLACK_CLIENT_ID and SLACK_CLIENT_SECRET belong together: copy both from the app's Basic Information page")
	}
	s.checkProvider(v)
	return s
}

// readProxies reads a list of networks and single addresses.
func readProxies(v *variables) (networks []netip.Prefix) {
	isSeparator := func(r rune) bool { return r == ',' || r == ' ' }
	for text := range strings.FieldsFuncSeq(v.text("PARLEY_TRUSTED_PROXIES"), isSeparator) {
		network, err := parseNetwork(text)
		if err != nil {
			v.addFault("PARLEY_TRUSTED_PROXIES: write networks or addresses with commas between, like 35.191.0.0/16,130.211.0.0/22")
			return nil
		}
		networks = append(networks, network)
	}
	return networks
}

// parseNetwork parses a network ("35.191.0.0/16"), or a single address as a network of one.
func parseNetwork(text string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(text); err == nil {
		return ip.Prefix(ip.BitLen())
	}
	return netip.ParsePrefix(text)
}

// checkProvider checks the variables of a provider other than Slack and Microsoft.
func (s *SignInEnv) checkProvider(v *variables) {
	switch {
	case isPartial(s.Issuer, s.ClientID, s.ClientSecret):
		v.addFault("OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET belong together; set all of them, or none")
	case s.Issuer != "":
		v.checkAddress("OIDC_ISSUER", s.Issuer, "write it like https://login.acme.example, as the provider writes it")
	case s.Name != "":
		v.addFault("OIDC_NAME does nothing without OIDC_ISSUER")
	}
}

// Providers are those by which agents sign in, on a site at base ("https://help.acme.example"). Each sends people back
// to openid.CallbackPath.
func (e *Env) Providers(base string) (list []openid.Config) {
	s := e.SignIn
	if s.SlackClientID != "" && e.SlackBotToken != "" {
		list = append(list, openid.Config{
			Kind:         openid.Slack,
			Name:         "Slack",
			Issuer:       s.SlackIssuer,
			ClientID:     s.SlackClientID,
			ClientSecret: s.SlackClientSecret,
		})
	}
	if e.Teams.canSignIn() {
		login := strings.TrimRight(cmp.Or(e.Teams.LoginURL, rest.DefaultLoginURL), "/")
		list = append(list, openid.Config{
			Kind:         openid.Microsoft,
			Name:         "Microsoft",
			Issuer:       fmt.Sprintf("%s/%s/v2.0", login, e.Teams.TenantID),
			ClientID:     e.Teams.AppID,
			ClientSecret: e.Teams.AppPassword,
			Tenant:       e.Teams.TenantID,
		})
	}
	if s.Issuer != "" {
		list = append(list, openid.Config{
			Kind:         openid.Any,
			Name:         cmp.Or(s.Name, hostOf(s.Issuer)),
			Issuer:       s.Issuer,
			ClientID:     s.ClientID,
			ClientSecret: s.ClientSecret,
		})
	}

	for i := range list {
		list[i].Redirect = base + openid.CallbackPath(list[i].Kind)
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
