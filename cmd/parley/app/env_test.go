package app_test

import (
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
