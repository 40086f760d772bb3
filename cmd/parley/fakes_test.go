//go:build !served

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"parley/cmd/parley/app"
)

// TestFakes: the emulators of the chats that were asked for run, what serve must know is in
// the file, and Teams tells of its app once somebody takes that.
func TestFakes(t *testing.T) {
	t.Parallel()
	for surface, named := range map[string][]bool{"both": {true, true}, "slack": {true, false}, "teams": {false, true}} {
		t.Run(surface, func(t *testing.T) {
			t.Parallel()
			taken := make(chan string, 100)
			var refused atomic.Bool
			serve := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/teams/messages" || !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
					w.WriteHeader(http.StatusNotFound)
					return
				}
				if !refused.Swap(true) { // as a serve that begins
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				select {
				case taken <- surface:
				default:
				}
			}))
			defer serve.Close()
			file := filepath.Join(t.TempDir(), "fakes.env")
			cmd, out := program(t, t.TempDir(), "fakes", "--env", file, "--surface", surface, "--public-url", serve.URL+"/", "--model", "127.0.0.1:0")
			if line, err := out.ReadString('\n'); err != nil || !strings.Contains(line, file) {
				t.Fatalf("%q, %v", line, err)
			}
			written, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			vars := map[string]string{}
			for line := range strings.Lines(string(written)) {
				name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
				vars[name] = value
			}
			env, err := app.LoadEnv(func(name string) (string, bool) { v, ok := vars[name]; return v, ok })
			if err != nil || (env.SlackBotToken != "") != named[0] || (env.Teams.AppID != "") != named[1] || env.PublicURL != serve.URL ||
				env.OAuth["google"].TokenURL == "" || env.OAuth["microsoft"].ID == "" {
				t.Errorf("%v: %+v", err, vars)
			}
			if found, err := http.Get(env.SignIn.Issuer + "/.well-known/openid-configuration"); err != nil || found.StatusCode != http.StatusOK { //nolint:bodyclose // it is read by nobody
				t.Errorf("the provider by which agents sign in: %v", err)
			}
			if models := listModels(t, vars["OPENAI_BASE_URL"], vars["OPENAI_API_KEY"]); !strings.Contains(models, `"`+vars["OPENAI_MODEL"]+`"`) {
				t.Errorf("the model: %s", models)
			}
			if named[1] {
				<-taken
			}
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

// listModels asks an OpenAI-compatible server for its models.
func listModels(t *testing.T, base, key string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/models", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
