package app_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/cmd/parley/app"
	"parley/store"
)

// loadEnv reads an environment of these variables.
func loadEnv(vars map[string]string) (app.Env, error) {
	return app.LoadEnv(func(name string) (string, bool) { v, ok := vars[name]; return v, ok })
}

// Every fault is reported, together, and no secret is shown.
func TestEnvFaults(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := loadEnv(map[string]string{
		"PARLEY_LOG":                "loud",
		"PARLEY_LISTEN":             "nonsense",
		"PARLEY_PUBLIC_URL":         "ftp://x",
		"PARLEY_MASTER_KEY":         "geheim",
		"DATABASE_URL":              "mysql://x:geheim@y",
		"SLACK_RATE":                "-1",
		"PARLEY_AI_TIMEOUT":         "46",
		"SLACK_API_URL":             ":::",
		"WHATSAPP_API_URL":          "graph.test",
		"SLACK_BOT_TOKEN_FILE":      empty,
		"SLACK_SIGNING_SECRET":      "geheim",
		"PARLEY_METRICS_TOKEN":      "geheim",
		"PARLEY_METRICS_TOKEN_FILE": empty,
	})
	if err == nil {
		t.Fatal("LoadEnv succeeded, want its faults")
	}
	for _, name := range []string{"PARLEY_LOG", "PARLEY_LISTEN", "PARLEY_PUBLIC_URL", "PARLEY_MASTER_KEY", "DATABASE_URL", "SLACK_RATE", "PARLEY_AI_TIMEOUT",
		"SLACK_API_URL", "WHATSAPP_API_URL", "SLACK_BOT_TOKEN_FILE: " + empty + " is empty", "PARLEY_METRICS_TOKEN and PARLEY_METRICS_TOKEN_FILE are both set"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not reported: %v", name, err)
		}
	}
	if strings.Contains(err.Error(), "geheim") {
		t.Errorf("a secret is shown: %v", err)
	}
}

// A secret is what its file holds, without the final newline; variables that are absent have their defaults.
func TestEnvFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a key")
	key := store.NewMasterKey()
	if err := os.WriteFile(path, []byte(key+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := loadEnv(map[string]string{
		"PARLEY_MASTER_KEY_FILE": path,
		"PARLEY_PUBLIC_URL":      "https://help.acme.test/",
		"DATABASE_URL":           "postgres://u@h/d",
		"WHATSAPP_API_URL":       "http://127.0.0.1:1",
		"OPENAI_BASE_URL":        "http://127.0.0.1:1",
		"PARLEY_AI_TIMEOUT":      "40",
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ got, want string }{
		"master key":     {got: e.MasterKey, want: key},
		"public address": {got: e.PublicURL, want: "https://help.acme.test"},
		"WhatsApp's API": {got: e.APIURLs["WHATSAPP_API_URL"], want: "http://127.0.0.1:1"},
		"listen address": {got: e.Listen, want: "127.0.0.1:8080"}, // a default
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", name, c.got, c.want)
		}
	}
	if want := 40 * time.Second; e.AI.Timeout != want {
		t.Errorf("the time of an analysis: got %s, want %s", e.AI.Timeout, want)
	}
	if e.SlackRate != 1 {
		t.Errorf("the default rate of Slack: got %g, want 1", e.SlackRate)
	}
}

// Well-formed ids of a registration, and other values.
const (
	anAppID  = "22222222-2222-4222-8222-222222222222"
	aTenant  = "33333333-3333-4333-8333-333333333333"
	aSecret  = "geheim~Q"
	aKeyID   = "44444444-4444-4444-8444-444444444444"
	loopback = "http://127.0.0.1:1"
)

// What a registration at Teams lacks is asked for by name, and no value that may be the secret is shown.
func TestEnvTeams(t *testing.T) {
	t.Parallel()
	whole := func(changes ...string) map[string]string {
		env := map[string]string{"TEAMS_APP_ID": anAppID, "TEAMS_APP_PASSWORD": aSecret, "TEAMS_TENANT_ID": aTenant}
		for i := 0; i < len(changes); i += 2 {
			env[changes[i]] = changes[i+1]
		}
		return env
	}
	for name, c := range map[string]struct {
		env  map[string]string
		want []string // in the error; none if it is fine
	}{
		"none":                {env: map[string]string{}},
		"all":                 {env: whole("TEAMS_RATE", "0.5", "TEAMS_SERVICE_URLS", "https://a.test, "+loopback+",", "TEAMS_LOGIN_URL", loopback)},
		"unsigned":            {env: whole("TEAMS_ALLOW_UNSIGNED", "loopback")},
		"without Azure":       {env: whole("TEAMS_ALLOW_UNSIGNED", "loopback", "TEAMS_APP_PASSWORD", "")},
		"secret as id":        {env: whole("TEAMS_APP_ID", aSecret), want: []string{"TEAMS_APP_ID is no id", "Microsoft App ID"}},
		"id of the secret":    {env: whole("TEAMS_APP_PASSWORD", aKeyID), want: []string{"TEAMS_APP_PASSWORD looks like the Secret ID"}},
		"many tenants":        {env: whole("TEAMS_TENANT_ID", "common"), want: []string{"TEAMS_TENANT_ID is no id", "one tenant"}},
		"no secret":           {env: whole("TEAMS_APP_PASSWORD", ""), want: []string{"needs TEAMS_APP_PASSWORD"}},
		"no tenant":           {env: whole("TEAMS_TENANT_ID", ""), want: []string{"needs TEAMS_TENANT_ID"}},
		"no id":               {env: whole("TEAMS_APP_ID", ""), want: []string{"TEAMS_APP_ID is missing"}},
		"rate":                {env: whole("TEAMS_RATE", "NaN"), want: []string{"TEAMS_RATE"}},
		"unsigned from afar":  {env: whole("TEAMS_ALLOW_UNSIGNED", "loopback", "PARLEY_LISTEN", "0.0.0.0:8080"), want: []string{"TEAMS_ALLOW_UNSIGNED", "PARLEY_LISTEN"}},
		"unsigned everywhere": {env: whole("TEAMS_ALLOW_UNSIGNED", "true"), want: []string{"TEAMS_ALLOW_UNSIGNED", "write loopback"}},
		"addresses": {
			env: whole("TEAMS_LOGIN_URL", "http://login.test", "TEAMS_OPENID_URL", "x", "TEAMS_GRAPH_URL", "https://u:p@graph.test",
				"TEAMS_SERVICE_URLS", loopback+",http://10.0.0.1"),
			want: []string{"TEAMS_LOGIN_URL", "TEAMS_OPENID_URL", "TEAMS_GRAPH_URL", "TEAMS_SERVICE_URLS"},
		},
	} {
		e, err := loadEnv(c.env)
		checkEnvError(t, name, err, c.want...)
		if err == nil && (e.Teams.AppID != c.env["TEAMS_APP_ID"] || e.Teams.AllowUnsigned != (c.env["TEAMS_ALLOW_UNSIGNED"] != "")) {
			t.Errorf("%s: got the app %q, unsigned %t", name, e.Teams.AppID, e.Teams.AllowUnsigned)
		}
		if name == "all" && (e.Teams.Rate != 0.5 || len(e.Teams.ServiceURLs) != 2 || e.Teams.LoginURL != loopback) {
			t.Errorf("%s: got %+v, want the rate 0.5, two service URLs, and login at %s", name, e.Teams, loopback)
		}
	}
}

// checkEnvError checks that an error says all of these and shows no secret; without any of these, that there is no error.
func checkEnvError(t *testing.T, name string, err error, want ...string) {
	t.Helper()
	if (err != nil) != (len(want) > 0) {
		t.Errorf("%s: got %v, want an error that says %q", name, err, want)
		return
	}
	for _, part := range want {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s: the error doesn't say %q: %v", name, part, err)
		}
	}
	if err != nil && (strings.Contains(err.Error(), aSecret) || strings.Contains(err.Error(), aKeyID)) {
		t.Errorf("%s: a secret is shown: %v", name, err)
	}
}

// An object store is set up whole or not at all, and no value that may be the secret is shown.
func TestEnvObjects(t *testing.T) {
	t.Parallel()
	whole := func(name, value string) map[string]string {
		env := map[string]string{"S3_ENDPOINT": "http://10.0.0.7:9000", "S3_BUCKET": "/acme-parley/files/", "S3_ACCESS_KEY_ID": "AKIAEXAMPLE", "S3_SECRET_ACCESS_KEY": aSecret}
		env[name] = value
		return env
	}
	for name, c := range map[string]struct {
		env  map[string]string
		want []string // in the error; none if it is fine
	}{
		"none":            {env: map[string]string{}},
		"all":             {env: whole("S3_REGION", "eu-central-1")},
		"secret alone":    {env: map[string]string{"S3_SECRET_ACCESS_KEY": aSecret}, want: []string{"S3_ENDPOINT is missing"}},
		"no bucket":       {env: whole("S3_BUCKET", "/"), want: []string{"S3_BUCKET is missing"}},
		"no key":          {env: whole("S3_ACCESS_KEY_ID", ""), want: []string{"S3_ACCESS_KEY_ID is missing"}},
		"no secret":       {env: whole("S3_SECRET_ACCESS_KEY", ""), want: []string{"S3_SECRET_ACCESS_KEY is missing"}},
		"no address":      {env: whole("S3_ENDPOINT", "s3.example.org"), want: []string{"S3_ENDPOINT: write it like https://"}},
		"secret in it":    {env: whole("S3_ENDPOINT", "https://k:"+aSecret+"@s3.example.org"), want: []string{"S3_ENDPOINT: write it like https://"}},
		"secret as place": {env: whole("S3_ENDPOINT", aSecret), want: []string{"S3_ENDPOINT: write it like https://"}},
	} {
		e, err := loadEnv(c.env)
		checkEnvError(t, name, err, c.want...)
		bucket := strings.Trim(c.env["S3_BUCKET"], "/")
		if err == nil && (e.Objects.Endpoint != c.env["S3_ENDPOINT"] || e.Objects.Bucket != bucket) {
			t.Errorf("%s: got %q at %q, want %q at %q", name, e.Objects.Bucket, e.Objects.Endpoint, bucket, c.env["S3_ENDPOINT"])
		}
	}
}

// Who vouches for agents is set up whole or not at all, and each provider sends people back to the site.
func TestEnvSignIn(t *testing.T) {
	t.Parallel()
	slack := map[string]string{"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": aSecret}
	oidc := map[string]string{"OIDC_ISSUER": "https://login.acme.test/realm/", "OIDC_CLIENT_ID": "parley", "OIDC_CLIENT_SECRET": aSecret}
	teams := map[string]string{"TEAMS_APP_ID": anAppID, "TEAMS_APP_PASSWORD": aSecret, "TEAMS_TENANT_ID": aTenant}
	but := func(env map[string]string, name, value string) map[string]string {
		env = maps.Clone(env)
		env[name] = value
		return env
	}
	for name, c := range map[string]struct {
		env  map[string]string
		want []string // in the error; none if it is fine
		by   string   // name, issuer and way back of the only provider
	}{
		"none":                  {env: map[string]string{}},
		"Slack":                 {env: slack, by: "Slack https://slack.com https://help.test/auth/with/slack/back"},
		"Microsoft":             {env: teams, by: "Microsoft https://login.microsoftonline.com/" + aTenant + "/v2.0 https://help.test/auth/with/microsoft/back"},
		"a sovereign cloud":     {env: but(teams, "TEAMS_LOGIN_URL", "https://login.microsoftonline.us/"), by: "Microsoft https://login.microsoftonline.us/" + aTenant + "/v2.0 https://help.test/auth/with/microsoft/back"},
		"not by Microsoft":      {env: but(teams, "TEAMS_SIGN_IN", "off")},
		"by Microsoft, perhaps": {env: but(teams, "TEAMS_SIGN_IN", aSecret), want: []string{"TEAMS_SIGN_IN: write off"}},
		"any":                   {env: oidc, by: "login.acme.test https://login.acme.test/realm/ https://help.test/auth/with/oidc/back"},
		"any, with a name":      {env: but(oidc, "OIDC_NAME", "Acme"), by: "Acme https://login.acme.test/realm/ https://help.test/auth/with/oidc/back"},
		"Slack without its app": {env: but(slack, "SLACK_BOT_TOKEN", ""), want: []string{"SLACK_BOT_TOKEN is missing"}},
		"Slack without secret":  {env: but(slack, "SLACK_CLIENT_SECRET", ""), want: []string{"belong together"}},
		"Slack, openly":         {env: but(slack, "SLACK_OPENID_URL", "http://slack.test"), want: []string{"SLACK_OPENID_URL"}},
		"any without secret":    {env: but(oidc, "OIDC_CLIENT_SECRET", ""), want: []string{"belong together"}},
		"any, openly":           {env: but(oidc, "OIDC_ISSUER", "http://login.acme.test"), want: []string{"OIDC_ISSUER: write it"}},
		"secret as issuer":      {env: but(oidc, "OIDC_ISSUER", aSecret), want: []string{"OIDC_ISSUER: write it"}},
		"a name alone":          {env: map[string]string{"OIDC_NAME": aSecret}, want: []string{"OIDC_NAME does nothing"}},
	} {
		e, err := loadEnv(c.env)
		by := ""
		for _, p := range e.Providers("https://help.test") {
			by += strings.Join([]string{p.Name, p.Issuer, p.Redirect}, " ")
		}
		checkEnvError(t, name, err, c.want...)
		if err == nil && by != c.by {
			t.Errorf("%s: got the provider %q, want %q", name, by, c.by)
		}
	}
}
