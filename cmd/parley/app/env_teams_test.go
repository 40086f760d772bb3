package app_test

import (
	"slices"
	"strings"
	"testing"
)

// Values of a registration at Microsoft. They have the form that Microsoft gives them, because LoadEnv checks it.
const (
	anAppID  = "22222222-2222-4222-8222-222222222222"
	aTenant  = "33333333-3333-4333-8333-333333333333"
	aKeyID   = "44444444-4444-4444-8444-444444444444" // the portal's "Secret ID", which people take for the secret
	loopback = "http://127.0.0.1:1"
)

// wholeTeams is an environment with all that a registration at Teams needs.
func wholeTeams() vars {
	return vars{"TEAMS_APP_ID": anAppID, "TEAMS_APP_PASSWORD": aSecret, "TEAMS_TENANT_ID": aTenant}
}

func TestEnvTeams(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name              string
		env               vars
		wantAppID         string
		wantAllowUnsigned bool
	}{
		{name: "no registration", env: vars{}},
		{name: "a registration", env: wholeTeams(), wantAppID: anAppID},
		{
			name:              "unsigned requests from this machine",
			env:               wholeTeams().with("TEAMS_ALLOW_UNSIGNED", "loopback"),
			wantAppID:         anAppID,
			wantAllowUnsigned: true,
		},
		{
			name:              "unsigned requests need no secret",
			env:               wholeTeams().with("TEAMS_ALLOW_UNSIGNED", "loopback").with("TEAMS_APP_PASSWORD", ""),
			wantAppID:         anAppID,
			wantAllowUnsigned: true,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := mustLoadEnv(t, tt.env)
			if e.Teams.AppID != tt.wantAppID {
				t.Errorf("the app is %q, want %q", e.Teams.AppID, tt.wantAppID)
			}
			if e.Teams.AllowUnsigned != tt.wantAllowUnsigned {
				t.Errorf("unsigned requests are allowed: %t, want %t", e.Teams.AllowUnsigned, tt.wantAllowUnsigned)
			}
		})
	}
}

func TestEnvTeamsOptions(t *testing.T) {
	t.Parallel()
	e := mustLoadEnv(t, wholeTeams().
		with("TEAMS_RATE", "0.5").
		with("TEAMS_SERVICE_URLS", "https://a.test, "+loopback+","). // a comma too many does no harm
		with("TEAMS_LOGIN_URL", loopback))

	if e.Teams.AppID != anAppID {
		t.Errorf("the app is %q, want %q", e.Teams.AppID, anAppID)
	}
	if e.Teams.AllowUnsigned {
		t.Error("unsigned requests are allowed, want them refused")
	}
	if e.Teams.Rate != 0.5 {
		t.Errorf("the rate is %g, want 0.5", e.Teams.Rate)
	}
	if want := []string{"https://a.test", loopback}; !slices.Equal(e.Teams.ServiceURLs, want) {
		t.Errorf("the service URLs are %q, want %q", e.Teams.ServiceURLs, want)
	}
	if e.Teams.LoginURL != loopback {
		t.Errorf("login is at %q, want %q", e.Teams.LoginURL, loopback)
	}
}

// The error names what a registration lacks, and shows no value that may be the secret.
func TestEnvTeamsFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		env  vars
		want []string // in the error
	}{
		{name: "no app id", env: wholeTeams().with("TEAMS_APP_ID", ""), want: []string{"TEAMS_APP_ID is missing"}},
		{name: "no secret", env: wholeTeams().with("TEAMS_APP_PASSWORD", ""), want: []string{"needs TEAMS_APP_PASSWORD"}},
		{name: "no tenant", env: wholeTeams().with("TEAMS_TENANT_ID", ""), want: []string{"needs TEAMS_TENANT_ID"}},
		{
			name: "the secret in place of the app id",
			env:  wholeTeams().with("TEAMS_APP_ID", aSecret),
			want: []string{"TEAMS_APP_ID isn't an id", "Microsoft App ID"},
		},
		{
			name: "a tenant that stands for many",
			env:  wholeTeams().with("TEAMS_TENANT_ID", "common"),
			want: []string{"TEAMS_TENANT_ID isn't an id", "one tenant"},
		},
		{name: "a rate that isn't a number", env: wholeTeams().with("TEAMS_RATE", "NaN"), want: []string{"TEAMS_RATE"}},
		{
			name: "unsigned requests on a public address",
			env:  wholeTeams().with("TEAMS_ALLOW_UNSIGNED", "loopback").with("PARLEY_LISTEN", "0.0.0.0:8080"),
			want: []string{"TEAMS_ALLOW_UNSIGNED", "PARLEY_LISTEN"},
		},
		{
			name: "unsigned requests from anywhere",
			env:  wholeTeams().with("TEAMS_ALLOW_UNSIGNED", "true"),
			want: []string{"TEAMS_ALLOW_UNSIGNED", "write loopback"},
		},
		{
			name: "addresses without TLS, without a scheme, and with credentials",
			env: wholeTeams().
				with("TEAMS_LOGIN_URL", "http://login.test").
				with("TEAMS_OPENID_URL", "x").
				with("TEAMS_GRAPH_URL", "https://u:p@graph.test").
				with("TEAMS_SERVICE_URLS", loopback+",http://10.0.0.1"),
			want: []string{"TEAMS_LOGIN_URL", "TEAMS_OPENID_URL", "TEAMS_GRAPH_URL", "TEAMS_SERVICE_URLS"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkFaults(t, tt.env, tt.want...)
		})
	}
}

// The portal shows a secret beside its id. Parley recognises the id in place of the secret, and doesn't show it.
func TestEnvTeamsRefusesTheIDOfASecret(t *testing.T) {
	t.Parallel()
	env := wholeTeams().with("TEAMS_APP_PASSWORD", aKeyID)

	checkFaults(t, env, "TEAMS_APP_PASSWORD looks like the Secret ID")

	if _, err := loadEnv(env); strings.Contains(err.Error(), aKeyID) {
		t.Errorf("the error shows the id: %v", err)
	}
}
