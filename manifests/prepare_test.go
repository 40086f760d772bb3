package manifests_test

import (
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
)

// prepare runs manifests/compose/prepare in a copy of its folder, and answers its questions.
func prepare(t *testing.T, folder, answers string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), filepath.Join(folder, "prepare"))
	command.Stdin = strings.NewReader(answers)
	out, err := command.CombinedOutput()
	return string(out), err
}

// TestPrepare checks that an admin who starts from nothing gets secrets that fit together and is asked for the tokens
// that she needs. She can go on where she stopped, and loses nothing when she runs it again.
func TestPrepare(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "compose")
	if err := os.CopyFS(folder, os.DirFS("compose")); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(folder, "secrets")); err != nil { // those of the person who runs this test
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(folder, "prepare"), 0o700); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}

	if said, err := prepare(t, folder, "xoxb-one\n"); err == nil || !strings.Contains(said, "slack_app_token is missing") ||
		!strings.Contains(said, "COMPOSE_FILE=compose.yaml") {
		t.Fatalf("with one token of two: %v: %s", err, said)
	}
	if said, err := prepare(t, folder, "xapp-two\n"); err != nil {
		t.Fatalf("the second token: %v: %s", err, said)
	}

	// The secrets are those that were typed, or fit together.
	secret := func(name string) string {
		raw, err := os.ReadFile(filepath.Join(folder, "secrets", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	if secret("slack_bot_token") != "xoxb-one" || secret("slack_app_token") != "xapp-two" {
		t.Error("the tokens are not what was typed")
	}

	url, err := pgxpool.ParseConfig(secret("database_url"))
	if err != nil || url.ConnConfig.Password != secret("postgres_password") || url.ConnConfig.Host != "db" ||
		len(url.ConnConfig.Password) != 48 {
		t.Errorf("the database's address does not fit its password: %v", err)
	}
	if key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(secret("master_key"))); err != nil || len(key) != 32 {
		t.Errorf("the master key has %d bytes: %v", len(key), err)
	}

	info, err := os.Stat(filepath.Join(folder, "secrets"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the folder of secrets is open: %v", info.Mode())
	}

	// Running it again changes nothing.
	before := secret("master_key")
	if said, err := prepare(t, folder, ""); err != nil || secret("master_key") != before || strings.Contains(said, "made") {
		t.Errorf("run again: %v: %s", err, said)
	}
}

// TestPrepareForTheBrowser checks that an admin who will paste tokens in the browser isn't asked for any, as
// docs/install.md says.
func TestPrepareForTheBrowser(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"prepare", "compose.yaml"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(read(t, "compose/"+name)), 0o700); err != nil { //nolint:gosec // it is run
			t.Fatal(err)
		}
	}

	line := "COMPOSE_FILE=compose.yaml"
	if !strings.Contains(read(t, "../docs/install.md"), "`"+line+"`") {
		t.Errorf("docs/install.md doesn't name %s", line)
	}
	if err := os.WriteFile(filepath.Join(folder, ".env"), []byte(line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	if said, err := prepare(t, folder, ""); err != nil || strings.Contains(said, "slack") {
		t.Errorf("%v: %s", err, said)
	}
}
