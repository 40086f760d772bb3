//go:build !served

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"parley/channels/emulator"
)

var pageAddress = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// customersOfDemo is how many customers write by themselves when the demo begins.
const customersOfDemo = 8

// demoRun is a running `parley demo` with its page.
type demoRun struct {
	cmd     *exec.Cmd
	url     string // of the page
	envFile string // what --env names
}

// startDemo starts the demo, and waits until it prints the address of its page.
func startDemo(t *testing.T) demoRun {
	t.Helper()
	data := folderForServer(t)
	d := demoRun{envFile: filepath.Join(data, "fakes.env")}
	cmd, out := startParley(t, data, "demo", "--no-open", "--listen", "127.0.0.1:0", "--env", d.envFile, "--hold", "1s")
	d.cmd = cmd
	for d.url == "" {
		line, err := out.ReadString('\n')
		if err != nil {
			t.Fatalf("the demo printed no address: %v", err)
		}
		d.url = pageAddress.FindString(line)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return d
}

// TestDemo runs the program as people do: the page is there at once, the customers write,
// the engine is a process of its own that is started again when it is killed, and Ctrl-C
// ends everything.
func TestDemo(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	wantText(t, get(t, d.url+"/"), "Parley")
	checkDemoVariables(t, mustReadFile(t, d.envFile))
	waitFor(t, "every customer has a thread", func() bool { return countThreads(t, d.url) == customersOfDemo })

	killed := findEngine(t, d.cmd.Process.Pid)
	check(t, syscall.Kill(killed, syscall.SIGKILL))
	waitFor(t, "the engine is started again", func() bool {
		pid := findEngine(t, d.cmd.Process.Pid)
		return pid != 0 && pid != killed && readState(t, d.url).Phase == ""
	})
	if n := countThreads(t, d.url); n != customersOfDemo {
		t.Errorf("%d threads after the engine was killed, want %d", n, customersOfDemo)
	}

	check(t, d.cmd.Process.Signal(os.Interrupt))
	if err := d.cmd.Wait(); err != nil {
		t.Errorf("the demo ended with %v, want a clean end", err)
	}
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", killed)); err == nil {
		t.Error("the killed engine's process is still there after the demo has ended")
	}
}

// checkDemoVariables checks that the file of --env has each variable that another Parley needs to use the demo's emulators.
func checkDemoVariables(t *testing.T, file string) {
	t.Helper()
	for _, name := range []string{
		"SLACK_BOT_TOKEN",
		"SLACK_APP_TOKEN",
		"SLACK_API_URL",
		"WHATSAPP_API_URL",
		"MESSENGER_API_URL",
		"TWILIO_API_URL",
		"PARLEY_PUBLIC_URL",
		"FAKE_IMAP_ADDR",
		"FAKE_SMTP_ADDR",
		"FAKE_MAIL_USERNAME",
		"FAKE_MAIL_PASSWORD",
	} {
		if !strings.Contains("\n"+file, "\n"+name+"=") {
			t.Errorf("the file of --env lacks %s", name)
		}
	}
}

// get opens an address and returns what the page holds.
func get(t *testing.T, url string) string {
	t.Helper()
	r := must(http.NewRequestWithContext(patient(t), http.MethodGet, url, nil))(t)
	resp := must(emulator.NewClient().Do(r))(t)
	defer resp.Body.Close()
	body := must(io.ReadAll(resp.Body))(t)
	return string(body)
}

// demoState is what these tests read of the page's state.
type demoState struct {
	Phase string `json:"phase"`
	Slack struct {
		Messages []struct {
			Bot     string `json:"bot_id"`
			Replies int    `json:"reply_count"`
		} `json:"messages"`
	} `json:"slack"`
}

// readState reads what the page shows to Ann in #support.
func readState(t *testing.T, url string) demoState {
	t.Helper()
	var s demoState
	check(t, json.Unmarshal([]byte(get(t, url+"/state?as=U0ANNLEE001&channel=C0SUPPORT01")), &s))
	return s
}

// countThreads counts the conversations that the channel shows.
func countThreads(t *testing.T, url string) int {
	t.Helper()
	n := 0
	for _, m := range readState(t, url).Slack.Messages {
		if m.Bot != "" && m.Replies > 0 {
			n++
		}
	}
	return n
}

// findEngine returns the id of the child process that runs the engine; 0 if there is none.
func findEngine(t *testing.T, parent int) int {
	t.Helper()
	lists := must(filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent)))(t)
	for _, list := range lists {
		body, _ := os.ReadFile(list) //nolint:gosec // a thread may have ended
		for _, pid := range strings.Fields(string(body)) {
			line, _ := os.ReadFile("/proc/" + pid + "/cmdline") //nolint:gosec // a process may have ended
			if strings.Contains(string(line), "\x00--engine\x00") {
				n := 0
				_, _ = fmt.Sscan(pid, &n)
				return n
			}
		}
	}
	return 0
}
