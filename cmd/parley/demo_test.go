//go:build !served

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

var pageAddress = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// TestDemo runs the program as people do: the page is there at once, the customers write,
// the engine is a process of its own that is started again when it is killed, and Ctrl-C
// ends everything.
func TestDemo(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if err := os.Chmod(filepath.Dir(data), 0o755); err != nil { //nolint:gosec // the database server's account has to get in
		t.Fatal(err)
	}
	env := filepath.Join(data, "fakes.env")
	cmd, out := program(t, data, "demo", "--no-open", "--listen", "127.0.0.1:0", "--env", env, "--hold", "1s")
	url := ""
	for url == "" {
		line, err := out.ReadString('\n')
		if err != nil {
			t.Fatalf("no address: %v", err)
		}
		url = pageAddress.FindString(line)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	if body := get(t, url+"/"); !strings.Contains(body, "Parley") {
		t.Errorf("the page: %s", body)
	}
	vars, err := os.ReadFile(env)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"SLACK_BOT_TOKEN=", "SLACK_APP_TOKEN=", "SLACK_API_URL=", "WHATSAPP_API_URL=", "MESSENGER_API_URL=", "TWILIO_API_URL=", "PARLEY_PUBLIC_URL=", "FAKE_IMAP_ADDR=", "FAKE_SMTP_ADDR=", "FAKE_MAIL_USERNAME=", "FAKE_MAIL_PASSWORD="} {
		if !strings.Contains("\n"+string(vars), "\n"+name) {
			t.Errorf("--env misses %s", name)
		}
	}
	until(t, "every customer has a thread", func() bool { return threads(t, url) == 8 })

	first := engineOf(t, cmd.Process.Pid)
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	until(t, "the engine is started again", func() bool {
		pid := engineOf(t, cmd.Process.Pid)
		return pid != 0 && pid != first && stateOf(t, url).Phase == ""
	})
	if n := threads(t, url); n != 8 {
		t.Errorf("%d threads after the engine was killed, not 8", n)
	}

	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it did not end cleanly: %v", err)
	}
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", first)); err == nil {
		t.Error("the engine outlived the demo")
	}
}

// TestDemoTaken says what to do when the address is in use.
func TestDemoTaken(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	taken, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	err = demoCommand{Listen: taken.Addr().String()}.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "--listen") {
		t.Errorf("error %v", err)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// seen is the part of the page's state that is looked at.
type seen struct {
	Phase string `json:"phase"`
	Slack struct {
		Messages []struct {
			Bot     string `json:"bot_id"`
			Replies int    `json:"reply_count"`
		} `json:"messages"`
	} `json:"slack"`
}

func stateOf(t *testing.T, url string) seen {
	t.Helper()
	var s seen
	if err := json.Unmarshal([]byte(get(t, url+"/state?as=U0ANNLEE001&channel=C0SUPPORT01")), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// threads counts the conversations that the channel shows.
func threads(t *testing.T, url string) int {
	t.Helper()
	n := 0
	for _, m := range stateOf(t, url).Slack.Messages {
		if m.Bot != "" && m.Replies > 0 {
			n++
		}
	}
	return n
}

// engineOf finds the child that serves; 0 when there is none.
func engineOf(t *testing.T, parent int) int {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
	if err != nil {
		t.Fatal(err)
	}
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
