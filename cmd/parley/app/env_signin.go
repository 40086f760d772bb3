package app

import (
	"cmp"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"parley/bot/teams"
	"parley/bot/web/openid"
)

// SignInEnv configures how agents sign in to Parley's web pages: with Slack, with Microsoft, or with another OpenID
// Connect provider, such as the company's own. Microsoft needs no settings here. It uses the registration of the Teams
// bot (TeamsEnv), unless TEAMS_SIGN_IN is off.
type SignInEnv struct {
	SlackClientID     string // "" if nobody signs in with Slack
	SlackClientSecret string
	SlackIssuer       string

	Issuer       string // the URL of another provider; "" if there is none
	ClientID     string
	ClientSecret string
	Name         string // what the sign-in button calls that provider; "" means the host of Issuer

	// Proxies are networks whose proxies are trusted to name the client's address in a header. Those on this machine
	// and in private networks are always trusted.
	Proxies []netip.Prefix
}

// slackIssuer identifies Slack as an OpenID Connect provider.
const slackIssuer = "https://slack.com"

// readSignIn reads and checks the variables about signing in.
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

// readProxies reads PARLEY_TRUSTED_PROXIES: networks and single addresses, such as "35.191.0.0/16,10.0.0.7".
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

// parseNetwork parses a network, or a single address as a network with one address.
func parseNetwork(text string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(text); err == nil {
		return ip.Prefix(ip.BitLen())
	}
	return netip.ParsePrefix(text)
}

// checkProvider checks the variables of the provider that is neither Slack nor Microsoft.
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

// Providers returns the providers with which agents can sign in. base is the URL of Parley's pages, such as
// "https://help.acme.example"; the providers redirect people to openid.CallbackPath there.
func (e *Env) Providers(base string) (list []openid.Config) {
	s := e.SignIn
	canUseSlack := s.SlackClientID != "" && e.SlackBotToken != ""
	if canUseSlack {
		list = append(list, openid.Config{
			Kind:         openid.Slack,
			Name:         "Slack",
			Issuer:       s.SlackIssuer,
			ClientID:     s.SlackClientID,
			ClientSecret: s.SlackClientSecret,
		})
	}
	if e.Teams.canSignIn() {
		login := strings.TrimRight(cmp.Or(e.Teams.LoginURL, teams.DefaultLoginURL), "/")
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
