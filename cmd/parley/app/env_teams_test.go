package app_test

import "testing"

// Values of a registration at Microsoft. They have the form that Microsoft gives them, because LoadEnv checks it.
const (
	anAppID  = "22222222-2222-4222-8222-222222222222"
	aTenant  = "33333333-3333-4333-8333-333333333333"
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
