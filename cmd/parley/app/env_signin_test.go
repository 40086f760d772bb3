package app_test

import (
	"testing"

	"parley/bot/web/openid"
)

// wholeSlack is an environment with all that signing in by Slack needs.
func wholeSlack() vars {
	return vars{
		"SLACK_BOT_TOKEN":     "xoxb-1",
		"SLACK_APP_TOKEN":     "xapp-1",
		"SLACK_CLIENT_ID":     "1.2",
		"SLACK_CLIENT_SECRET": aSecret,
	}
}

// wholeOIDC is an environment with all that signing in by any other OpenID provider needs.
func wholeOIDC() vars {
	return vars{"OIDC_ISSUER": "https://login.acme.test/realm/", "OIDC_CLIENT_ID": "parley", "OIDC_CLIENT_SECRET": aSecret}
}

// Each provider sends people back to its own address on the site. An issuer keeps its slash at the end, because it is
// compared with what the provider calls itself.
func TestEnvSignIn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		env          vars
		wantName     string
		wantIssuer   string
		wantRedirect string
	}{
		{
			name:         "Slack",
			env:          wholeSlack(),
			wantName:     "Slack",
			wantIssuer:   "https://slack.com",
			wantRedirect: "https://help.test/auth/with/slack/back",
		},
		{
			name:         "Microsoft needs nothing but the registration of the bot",
			env:          wholeTeams(),
			wantName:     "Microsoft",
			wantIssuer:   "https://login.microsoftonline.com/" + aTenant + "/v2.0",
			wantRedirect: "https://help.test/auth/with/microsoft/back",
		},
		{
			name:         "Microsoft in a sovereign cloud",
			env:          wholeTeams().with("TEAMS_LOGIN_URL", "https://login.microsoftonline.us/"),
			wantName:     "Microsoft",
			wantIssuer:   "https://login.microsoftonline.us/" + aTenant + "/v2.0",
			wantRedirect: "https://help.test/auth/with/microsoft/back",
		},
		{
			name:         "another provider is called by its host",
			env:          wholeOIDC(),
			wantName:     "login.acme.test",
			wantIssuer:   "https://login.acme.test/realm/",
			wantRedirect: "https://help.test/auth/with/oidc/back",
		},
		{
			name:         "another provider with a name",
			env:          wholeOIDC().with("OIDC_NAME", "Acme"),
			wantName:     "Acme",
			wantIssuer:   "https://login.acme.test/realm/",
			wantRedirect: "https://help.test/auth/with/oidc/back",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			list := providers(t, tt.env)
			if len(list) != 1 {
				t.Fatalf("got %d providers, want 1", len(list))
			}

			got := list[0]
			if got.Name != tt.wantName {
				t.Errorf("the name is %q, want %q", got.Name, tt.wantName)
			}
			if got.Issuer != tt.wantIssuer {
				t.Errorf("the issuer is %q, want %q", got.Issuer, tt.wantIssuer)
			}
			if got.Redirect != tt.wantRedirect {
				t.Errorf("people are sent back to %q, want %q", got.Redirect, tt.wantRedirect)
			}
		})
	}
}

// providers returns those by which agents sign in, on the site https://help.test.
func providers(t *testing.T, v vars) []openid.Config {
	t.Helper()
	e := mustLoadEnv(t, v)
	return e.Providers("https://help.test")
}

// A provider is set up whole or not at all.
func TestEnvSignInFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		env  vars
		want string // in the error
	}{
		{name: "Slack without its bot", env: wholeSlack().with("SLACK_BOT_TOKEN", ""), want: "SLACK_BOT_TOKEN is missing"},
		{name: "Slack without a secret", env: wholeSlack().with("SLACK_CLIENT_SECRET", ""), want: "belong together"},
		{name: "Slack without TLS", env: wholeSlack().with("SLACK_OPENID_URL", "http://slack.test"), want: "SLACK_OPENID_URL"},
		{
			name: "Microsoft with a word that isn't known",
			env:  wholeTeams().with("TEAMS_SIGN_IN", aSecret),
			want: "TEAMS_SIGN_IN: write off",
		},
		{name: "another provider without a secret", env: wholeOIDC().with("OIDC_CLIENT_SECRET", ""), want: "belong together"},
		{
			name: "another provider without TLS",
			env:  wholeOIDC().with("OIDC_ISSUER", "http://login.acme.test"),
			want: "OIDC_ISSUER: write it",
		},
		{name: "the secret in place of the issuer", env: wholeOIDC().with("OIDC_ISSUER", aSecret), want: "OIDC_ISSUER: write it"},
		{
			name: "a name in place of a network",
			env:  vars{"PARLEY_TRUSTED_PROXIES": "10.0.0.0/8, " + aSecret},
			want: "PARLEY_TRUSTED_PROXIES: write networks",
		},
		{name: "only a name", env: vars{"OIDC_NAME": aSecret}, want: "OIDC_NAME does nothing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkFaults(t, tt.env, tt.want)
		})
	}
}
