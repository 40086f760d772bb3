package app_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/cmd/parley/app"
	"parley/store"
)

// TestEnvFaults: every fault is reported, together, and no secret is shown.
func TestEnvFaults(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{
		"PARLEY_LOG": "loud", "PARLEY_LISTEN": "nonsense", "PARLEY_PUBLIC_URL": "ftp://x", "PARLEY_MASTER_KEY": "geheim",
		"DATABASE_URL": "mysql://x:geheim@y", "SLACK_RATE": "-1", "SLACK_API_URL": ":::", "WHATSAPP_API_URL": "graph.test", "SLACK_BOT_TOKEN_FILE": empty,
		"SLACK_SIGNING_SECRET": "geheim", "PARLEY_METRICS_TOKEN": "geheim", "PARLEY_METRICS_TOKEN_FILE": empty,
	}
	_, err := app.LoadEnv(func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	if err == nil {
		t.Fatal("no fault")
	}
	for _, name := range []string{"PARLEY_LOG", "PARLEY_LISTEN", "PARLEY_PUBLIC_URL", "PARLEY_MASTER_KEY", "DATABASE_URL", "SLACK_RATE",
		"SLACK_API_URL", "WHATSAPP_API_URL", "SLACK_BOT_TOKEN_FILE: " + empty + " is empty", "PARLEY_METRICS_TOKEN and PARLEY_METRICS_TOKEN_FILE are both set"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not reported", name)
		}
	}
	if strings.Contains(err.Error(), "geheim") {
		t.Errorf("a secret is shown: %v", err)
	}
}

// TestEnvFiles reads what a secret's file holds, without its final newline.
func TestEnvFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a key")
	key := store.NewMasterKey()
	if err := os.WriteFile(path, []byte(key+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"PARLEY_MASTER_KEY_FILE": path, "PARLEY_PUBLIC_URL": "https://help.acme.test/", "DATABASE_URL": "postgres://u@h/d",
		"WHATSAPP_API_URL": "http://127.0.0.1:1"}
	e, err := app.LoadEnv(func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	if e.MasterKey != key || e.PublicURL != "https://help.acme.test" || e.Listen != "127.0.0.1:8080" || e.SlackRate != 1 ||
		e.APIURLs["WHATSAPP_API_URL"] != "http://127.0.0.1:1" {
		t.Errorf("read %+v", e)
	}
}

// ids of a registration that are well formed.
const (
	anAppID  = "22222222-2222-4222-8222-222222222222"
	aTenant  = "33333333-3333-4333-8333-333333333333"
	aSecret  = "geheim~Q"
	aKeyID   = "44444444-4444-4444-8444-444444444444"
	loopback = "http://127.0.0.1:1"
)

// TestEnvTeams: what a Teams registration needs is asked for by name, and no value that may be
// the secret is shown.
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
		"none":                {map[string]string{}, nil},
		"all":                 {whole("TEAMS_RATE", "0.5", "TEAMS_SERVICE_URLS", "https://a.test, "+loopback+",", "TEAMS_LOGIN_URL", loopback), nil},
		"unsigned":            {whole("TEAMS_ALLOW_UNSIGNED", "loopback"), nil},
		"without Azure":       {whole("TEAMS_ALLOW_UNSIGNED", "loopback", "TEAMS_APP_PASSWORD", ""), nil},
		"secret as id":        {whole("TEAMS_APP_ID", aSecret), []string{"TEAMS_APP_ID is no id", "Microsoft App ID"}},
		"id of the secret":    {whole("TEAMS_APP_PASSWORD", aKeyID), []string{"TEAMS_APP_PASSWORD looks like the Secret ID"}},
		"many tenants":        {whole("TEAMS_TENANT_ID", "common"), []string{"TEAMS_TENANT_ID is no id", "one tenant"}},
		"no secret":           {whole("TEAMS_APP_PASSWORD", ""), []string{"needs TEAMS_APP_PASSWORD"}},
		"no tenant":           {whole("TEAMS_TENANT_ID", ""), []string{"needs TEAMS_TENANT_ID"}},
		"no id":               {whole("TEAMS_APP_ID", ""), []string{"TEAMS_APP_ID is missing"}},
		"rate":                {whole("TEAMS_RATE", "NaN"), []string{"TEAMS_RATE"}},
		"unsigned from afar":  {whole("TEAMS_ALLOW_UNSIGNED", "loopback", "PARLEY_LISTEN", "0.0.0.0:8080"), []string{"TEAMS_ALLOW_UNSIGNED", "PARLEY_LISTEN"}},
		"unsigned everywhere": {whole("TEAMS_ALLOW_UNSIGNED", "true"), []string{"TEAMS_ALLOW_UNSIGNED", "write loopback"}},
		"addresses": {whole("TEAMS_LOGIN_URL", "http://login.test", "TEAMS_OPENID_URL", "x", "TEAMS_GRAPH_URL", "https://u:p@graph.test", "TEAMS_SERVICE_URLS", loopback+",http://10.0.0.1"),
			[]string{"TEAMS_LOGIN_URL", "TEAMS_OPENID_URL", "TEAMS_GRAPH_URL", "TEAMS_SERVICE_URLS"}},
	} {
		e, err := app.LoadEnv(func(name string) (string, bool) { v, ok := c.env[name]; return v, ok })
		if (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err == nil && (e.Teams.AppID != c.env["TEAMS_APP_ID"] || e.Teams.AllowUnsigned != (c.env["TEAMS_ALLOW_UNSIGNED"] != "")) {
			t.Errorf("%s: read %+v", name, e.Teams)
		}
		for _, part := range c.want {
			if err != nil && !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q is not said: %v", name, part, err)
			}
		}
		if err != nil && (strings.Contains(err.Error(), aSecret) || strings.Contains(err.Error(), aKeyID)) {
			t.Errorf("%s: a secret is shown: %v", name, err)
		}
		if name == "all" && (e.Teams.Rate != 0.5 || len(e.Teams.ServiceURLs) != 2 || e.Teams.LoginURL != loopback) {
			t.Errorf("read %+v", e.Teams)
		}
	}
}

// TestEnvObjects: an object store is set whole or not at all, and no value that may be the secret is
// shown.
func TestEnvObjects(t *testing.T) {
	t.Parallel()
	whole := func(name, value string) map[string]string {
		env := map[string]string{"S3_ENDPOINT": "http://10.0.0.7:9000", "S3_BUCKET": "/acme-parley/files/", "S3_ACCESS_KEY_ID": "AKIAEXAMPLE", "S3_SECRET_ACCESS_KEY": aSecret}
		env[name] = value
		return env
	}
	for name, c := range map[string]struct {
		env  map[string]string
		want string // in the error; "" if it is fine
	}{
		"none":            {map[string]string{}, ""},
		"all":             {whole("S3_REGION", "eu-central-1"), ""},
		"secret alone":    {map[string]string{"S3_SECRET_ACCESS_KEY": aSecret}, "S3_ENDPOINT is missing"},
		"no bucket":       {whole("S3_BUCKET", "/"), "S3_BUCKET is missing"},
		"no key":          {whole("S3_ACCESS_KEY_ID", ""), "S3_ACCESS_KEY_ID is missing"},
		"no secret":       {whole("S3_SECRET_ACCESS_KEY", ""), "S3_SECRET_ACCESS_KEY is missing"},
		"no address":      {whole("S3_ENDPOINT", "s3.example.org"), "S3_ENDPOINT: write it like https://"},
		"secret in it":    {whole("S3_ENDPOINT", "https://k:"+aSecret+"@s3.example.org"), "S3_ENDPOINT: write it like https://"},
		"secret as place": {whole("S3_ENDPOINT", aSecret), "S3_ENDPOINT: write it like https://"},
	} {
		e, err := app.LoadEnv(func(name string) (string, bool) { v, ok := c.env[name]; return v, ok })
		switch {
		case c.want == "" && (err != nil || e.Objects.Endpoint != c.env["S3_ENDPOINT"] || e.Objects.Bucket != strings.Trim(c.env["S3_BUCKET"], "/")):
			t.Errorf("%s: %+v, %v", name, e.Objects, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), aSecret)):
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestEnvSignIn: who vouches for agents is set up whole or not at all, and each provider sends people back to the site.
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
		want string // in the error; "" if it is fine
		by   string // name, issuer and way back of the only provider
	}{
		"none":                  {map[string]string{}, "", ""},
		"Slack":                 {slack, "", "Slack https://slack.com https://help.test/auth/with/slack/back"},
		"Microsoft":             {teams, "", "Microsoft https://login.microsoftonline.com/" + aTenant + "/v2.0 https://help.test/auth/with/microsoft/back"},
		"a sovereign cloud":     {but(teams, "TEAMS_LOGIN_URL", "https://login.microsoftonline.us/"), "", "Microsoft https://login.microsoftonline.us/" + aTenant + "/v2.0 https://help.test/auth/with/microsoft/back"},
		"not by Microsoft":      {but(teams, "TEAMS_SIGN_IN", "off"), "", ""},
		"by Microsoft, perhaps": {but(teams, "TEAMS_SIGN_IN", aSecret), "TEAMS_SIGN_IN: write off", ""},
		"any":                   {oidc, "", "login.acme.test https://login.acme.test/realm/ https://help.test/auth/with/oidc/back"},
		"any, with a name":      {but(oidc, "OIDC_NAME", "Acme"), "", "Acme https://login.acme.test/realm/ https://help.test/auth/with/oidc/back"},
		"Slack without its app": {but(slack, "SLACK_BOT_TOKEN", ""), "SLACK_BOT_TOKEN is missing", ""},
		"Slack without secret":  {but(slack, "SLACK_CLIENT_SECRET", ""), "belong together", ""},
		"Slack, openly":         {but(slack, "SLACK_OPENID_URL", "http://slack.test"), "SLACK_OPENID_URL", ""},
		"any without secret":    {but(oidc, "OIDC_CLIENT_SECRET", ""), "belong together", ""},
		"any, openly":           {but(oidc, "OIDC_ISSUER", "http://login.acme.test"), "OIDC_ISSUER: write it", ""},
		"secret as issuer":      {but(oidc, "OIDC_ISSUER", aSecret), "OIDC_ISSUER: write it", ""},
		"a name alone":          {map[string]string{"OIDC_NAME": aSecret}, "OIDC_NAME does nothing", ""},
	} {
		e, err := app.LoadEnv(func(name string) (string, bool) { v, ok := c.env[name]; return v, ok })
		by := ""
		for _, p := range e.Providers("https://help.test") {
			by += strings.Join([]string{p.Name, p.Issuer, p.Redirect}, " ")
		}
		switch {
		case c.want == "" && (err != nil || by != c.by):
			t.Errorf("%s: by %q, %v", name, by, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), aSecret)):
			t.Errorf("%s: %v", name, err)
		}
	}
}
