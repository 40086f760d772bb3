//go:build !served

package main

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"parley/channels/emulator"
	"parley/cmd/parley/app"
)

// fakesRun is a running `parley fakes`.
type fakesRun struct {
	vars map[string]string // what it wrote into the file for serve
	env  app.Env           // what serve reads from that
	stop func()            // ends it, and checks that it ends well
}

// startFakes runs `parley fakes` with the emulators of one chat, or of both, beside a serve with a public address.
func startFakes(t *testing.T, surface, publicURL string) fakesRun {
	t.Helper()
	file := filepath.Join(t.TempDir(), "fakes.env")
	cmd, out := startParley(t, t.TempDir(), "fakes", "--env", file, "--surface", surface, "--public-url", publicURL+"/", "--model",
		"127.0.0.1:0")
	line := must(out.ReadString('\n'))(t)
	wantText(t, line, file) // it prints the file's name once that is written

	run := fakesRun{vars: map[string]string{}}
	for line := range strings.Lines(mustReadFile(t, file)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		run.vars[name] = value
	}
	run.env = must(app.LoadEnv(func(name string) (string, bool) { v, ok := run.vars[name]; return v, ok }))(t)
	run.stop = func() {
		t.Helper()
		check(t, cmd.Process.Signal(syscall.SIGTERM))
		if err := cmd.Wait(); err != nil {
			t.Errorf("parley fakes ended with %v, want a clean end", err)
		}
	}
	return run
}

// The file that parley fakes writes names the chats that were asked for and no other chat. It also has the addresses of the
// emulated phones, of the providers by which people sign in, and of the model.
func TestFakesWriteEnvironment(t *testing.T) {
	t.Parallel()
	const publicURL = "http://127.0.0.1:1" // nobody is there
	for _, tt := range []struct {
		surface   string
		wantSlack bool
		wantTeams bool
	}{
		{surface: "both", wantSlack: true, wantTeams: true},
		{surface: "slack", wantSlack: true, wantTeams: false},
		{surface: "teams", wantSlack: false, wantTeams: true},
	} {
		t.Run(tt.surface, func(t *testing.T) {
			t.Parallel()
			fakes := startFakes(t, tt.surface, publicURL)
			if has := fakes.env.SlackBotToken != ""; has != tt.wantSlack {
				t.Errorf("has a token of Slack: %t, want %t", has, tt.wantSlack)
			}
			if has := fakes.env.Teams.AppID != ""; has != tt.wantTeams {
				t.Errorf("has an app of Teams: %t, want %t", has, tt.wantTeams)
			}
			if fakes.env.PublicURL != publicURL {
				t.Errorf("public address %q, want %q", fakes.env.PublicURL, publicURL)
			}
			if fakes.env.OAuth["google"].TokenURL == "" {
				t.Error("the address for tokens of Google is missing")
			}
			if fakes.env.OAuth["microsoft"].ID == "" {
				t.Error("the client id at Microsoft is missing")
			}

			checkPhonesAnswer(t, fakes)
			checkProviderAnswers(t, fakes)
			checkModelAnswers(t, fakes)
			fakes.stop()
		})
	}
}

// checkPhonesAnswer asks for the customers with phones, of whom there is none.
func checkPhonesAnswer(t *testing.T, fakes fakesRun) {
	t.Helper()
	if _, list := request(t, fakes.vars["FAKE_PHONES_CONTROL"]+"/users", ""); list != "[]" {
		t.Errorf("the customers with phones are %q, want none", list)
	}
}

// checkProviderAnswers asks the provider by which agents sign in for its description.
func checkProviderAnswers(t *testing.T, fakes fakesRun) {
	t.Helper()
	status, body := request(t, fakes.env.SignIn.Issuer+"/.well-known/openid-configuration", "")
	if status != http.StatusOK {
		t.Errorf("the provider by which agents sign in answers %d, want 200\n%s", status, body)
	}
}

// checkModelAnswers asks the server of the language model for its models.
func checkModelAnswers(t *testing.T, fakes fakesRun) {
	t.Helper()
	_, models := request(t, fakes.vars["OPENAI_BASE_URL"]+"/models", fakes.vars["OPENAI_API_KEY"])
	wantText(t, models, `"`+fakes.vars["OPENAI_MODEL"]+`"`)
}

// request opens an address, with a bearer token unless that is "".
func request(t *testing.T, address, token string) (status int, body string) {
	t.Helper()
	r := must(http.NewRequestWithContext(patient(t), http.MethodGet, address, nil))(t)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp := must(emulator.NewClient().Do(r))(t)
	defer func() { _ = resp.Body.Close() }()
	text := must(io.ReadAll(resp.Body))(t)
	return resp.StatusCode, string(text)
}
