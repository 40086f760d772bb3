package app_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/cmd/parley/app"
)

// aSecret is the value of each variable that is a secret, and of some in which one may stand by mistake. No error may show
// it.
const aSecret = "geheim~Q"

// vars are the variables of an environment by their names.
type vars map[string]string

// with returns a copy in which one variable has another value; "" is the same as none.
func (v vars) with(name, value string) vars {
	v = maps.Clone(v)
	v[name] = value
	return v
}

// loadEnv reads an environment of these variables.
func loadEnv(v vars) (app.Env, error) {
	return app.LoadEnv(func(name string) (string, bool) { value, ok := v[name]; return value, ok })
}

// mustLoadEnv reads an environment that has no faults.
func mustLoadEnv(t *testing.T, v vars) app.Env {
	t.Helper()
	e, err := loadEnv(v)
	if err != nil {
		t.Fatalf("LoadEnv: %v", err)
	}
	return e
}

// checkFaults checks that reading an environment fails with an error that has each of these texts and shows no secret.
func checkFaults(t *testing.T, v vars, want ...string) {
	t.Helper()
	_, err := loadEnv(v)
	if err == nil {
		t.Fatalf("LoadEnv succeeded, want an error with %q", want)
	}
	for _, text := range want {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("the error is %q, want %q in it", err, text)
		}
	}
	if strings.Contains(err.Error(), aSecret) {
		t.Errorf("the error shows the secret: %v", err)
	}
}

// writeEnvFile writes a file to which a variable can point, and returns its path.
func writeEnvFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a value")
	check(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// Every fault is reported, all of them together.
func TestEnvFaults(t *testing.T) {
	t.Parallel()
	empty := writeEnvFile(t, "\n")
	checkFaults(t, vars{
		"PARLEY_LOG":                "loud",
		"PARLEY_LISTEN":             "nonsense",
		"PARLEY_PUBLIC_URL":         "ftp://x",
		"PARLEY_MASTER_KEY":         aSecret,
		"PARLEY_BACKUP_PASSPHRASE":  aSecret, // two characters too short
		"DATABASE_URL":              "mysql://x:" + aSecret + "@y",
		"SLACK_RATE":                "-1",
		"PARLEY_AI_TIMEOUT":         "46", // seconds; one more than the longest
		"SLACK_API_URL":             ":::",
		"WHATSAPP_API_URL":          "graph.test",
		"SLACK_BOT_TOKEN_FILE":      empty,
		"SLACK_SIGNING_SECRET":      aSecret,
		"PARLEY_METRICS_TOKEN":      aSecret,
		"PARLEY_METRICS_TOKEN_FILE": empty,
	},
		"PARLEY_LOG",
		"PARLEY_LISTEN",
		"PARLEY_PUBLIC_URL",
		"PARLEY_MASTER_KEY",
		"PARLEY_BACKUP_PASSPHRASE",
		"DATABASE_URL",
		"SLACK_RATE",
		"PARLEY_AI_TIMEOUT",
		"SLACK_API_URL",
		"WHATSAPP_API_URL",
		"SLACK_BOT_TOKEN_FILE: "+empty+" is empty",
		"PARLEY_METRICS_TOKEN and PARLEY_METRICS_TOKEN_FILE are both set",
	)
}

// An address of a provider may be http on loopback. The site's own address loses its slash at the end.
func TestEnvValues(t *testing.T) {
	t.Parallel()
	e := mustLoadEnv(t, vars{
		"PARLEY_PUBLIC_URL": "https://help.acme.test/",
		"DATABASE_URL":      "postgres://u@h/d",
		"WHATSAPP_API_URL":  loopback,
		"OPENAI_BASE_URL":   loopback,
		"PARLEY_AI_TIMEOUT": "40",
	})

	if want := "https://help.acme.test"; e.PublicURL != want {
		t.Errorf("the public address is %q, want %q", e.PublicURL, want)
	}
	if got := e.APIURLs["WHATSAPP_API_URL"]; got != loopback {
		t.Errorf("WhatsApp's API is at %q, want %q", got, loopback)
	}
	if want := 40 * time.Second; e.AI.Timeout != want {
		t.Errorf("an analysis may take %s, want %s", e.AI.Timeout, want)
	}
}

// wholeObjects is an environment with all that an object store needs.
func wholeObjects() vars {
	return vars{
		"S3_ENDPOINT":          "http://10.0.0.7:9000",
		"S3_BUCKET":            "/acme-parley/files/",
		"S3_ACCESS_KEY_ID":     "AKIAEXAMPLE",
		"S3_SECRET_ACCESS_KEY": aSecret,
	}
}

// An object store is set up whole or not at all, and no value that may be the secret is shown.
func TestEnvObjectsFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		env  vars
		want string // in the error
	}{
		{name: "only a secret", env: vars{"S3_SECRET_ACCESS_KEY": aSecret}, want: "S3_ENDPOINT is missing"},
		{name: "a bucket of nothing but a slash", env: wholeObjects().with("S3_BUCKET", "/"), want: "S3_BUCKET is missing"},
		{name: "no access key", env: wholeObjects().with("S3_ACCESS_KEY_ID", ""), want: "S3_ACCESS_KEY_ID is missing"},
		{name: "no secret", env: wholeObjects().with("S3_SECRET_ACCESS_KEY", ""), want: "S3_SECRET_ACCESS_KEY is missing"},
		{
			name: "an endpoint without a scheme",
			env:  wholeObjects().with("S3_ENDPOINT", "s3.example.org"),
			want: "S3_ENDPOINT: write it like https://",
		},
		{
			name: "an endpoint with credentials in it",
			env:  wholeObjects().with("S3_ENDPOINT", "https://k:"+aSecret+"@s3.example.org"),
			want: "S3_ENDPOINT: write it like https://",
		},
		{
			name: "the secret in place of the endpoint",
			env:  wholeObjects().with("S3_ENDPOINT", aSecret),
			want: "S3_ENDPOINT: write it like https://",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkFaults(t, tt.env, tt.want)
		})
	}
}
