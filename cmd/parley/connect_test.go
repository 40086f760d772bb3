package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/bridge/setup"
	"parley/channels/email/mailfake"
	"parley/channels/email/oauthfake"
	"parley/cmd/parley/app"
	"parley/store"
	"parley/store/storetest"
)

// browserWorld is a mailbox at an emulated Microsoft, and the database of a Parley that has an account for it.
type browserWorld struct {
	t         *testing.T
	microsoft *oauthfake.Server
	env       []string
}

const officeAddress = "help@acme.test"

func newBrowserWorld(t *testing.T) *browserWorld {
	t.Helper()
	w := &browserWorld{t: t, microsoft: oauthfake.New(oauthfake.Options{Provider: oauthfake.Microsoft, ClientID: "client-1", ClientSecret: "client-secret-1"})}
	if err := w.microsoft.Start(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.microsoft.Close() })
	mail := mailfake.New(mailfake.Options{CheckToken: w.microsoft.Accepts, Mailboxes: []mailfake.MailboxConfig{{Address: officeAddress}}})
	if err := mail.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mail.Close() })
	env := app.Env{DatabaseURL: storetest.URL(t), Data: t.TempDir(), MasterKey: store.NewMasterKey()}
	w.env = []string{"DATABASE_URL=" + env.DatabaseURL, "PARLEY_DATA=" + env.Data, "PARLEY_MASTER_KEY=" + env.MasterKey, "PARLEY_LOG=debug",
		"MICROSOFT_CLIENT_ID=client-1", "MICROSOFT_CLIENT_SECRET=client-secret-1",
		"MICROSOFT_AUTH_URL=" + w.microsoft.AuthURL(), "MICROSOFT_TOKEN_URL=" + w.microsoft.TokenURL()}
	db, err := app.OpenDatabase(t.Context(), env, slog.New(slog.DiscardHandler), func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context(), env); err != nil {
		t.Fatal(err)
	}
	server := func(address string) string {
		host, port, _ := net.SplitHostPort(address)
		return "{host: " + host + ", port: " + port + ", security: none}"
	}
	file, err := setup.Parse([]byte(`accounts:
  - {name: support-mail, kind: email, email: {address: `+officeAddress+`, oauth: microsoft, imap: `+server(mail.IMAPAddr())+`, smtp: `+server(mail.SMTPAddr())+`}}`), os.LookupEnv)
	if err == nil {
		_, err = setup.Apply(t.Context(), db.Pool, file, setup.Options{Sealer: db.Sealer, Specs: app.Specs(), Operator: true})
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// run is a started `parley connect`.
type connecting struct {
	cmd  *exec.Cmd
	out  *bufio.Reader
	said bytes.Buffer // all that was read
	errs bytes.Buffer
	in   io.WriteCloser
}

func (w *browserWorld) start(args ...string) *connecting {
	w.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	c := &connecting{cmd: exec.CommandContext(w.t.Context(), exe, append([]string{"connect", "microsoft", "--account"}, args...)...)}
	c.cmd.Env = append(append(os.Environ(), asParley+"=yes", "GORACE=atexit_sleep_ms=0"), w.env...)
	c.cmd.Dir, c.cmd.Stderr = filepath.Dir(exe), &c.errs
	c.cmd.Cancel = func() error { return c.cmd.Process.Signal(syscall.SIGTERM) }
	c.cmd.WaitDelay = time.Minute
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		w.t.Fatal(err)
	}
	c.out = bufio.NewReader(io.TeeReader(out, &c.said))
	if err := c.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	return c
}

// link reads what is printed until the link.
func (c *connecting) link(t *testing.T) string {
	t.Helper()
	for {
		line, err := c.out.ReadString('\n')
		if err != nil {
			t.Fatalf("%s%s: %v", c.said.String(), c.errs.String(), err)
		}
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "http") {
			return line
		}
	}
}

// ends waits for the end and gives all that was printed.
func (c *connecting) ends() (string, error) {
	_, _ = io.Copy(io.Discard, c.out)
	err := c.cmd.Wait()
	return c.said.String() + c.errs.String(), err
}

// visit opens an address as a browser does and gives what the page says.
func visit(t *testing.T, address string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// a server without a public address is connected from a terminal.
func TestConnectCommand(t *testing.T) {
	t.Parallel()
	w := newBrowserWorld(t)
	c := w.start("support-mail")
	link := c.link(t)
	back, err := w.microsoft.SignIn(t.Context(), link, officeAddress)
	if err != nil {
		t.Fatal(err)
	}
	foreign, _, _ := strings.Cut(back, "?")
	if status, _ := visit(t, foreign+"?code=made-up&state=made-up"); status != http.StatusNotFound {
		t.Errorf("an answer to another attempt: %d", status)
	}
	if status, page := visit(t, back); status != http.StatusOK || !strings.Contains(page, "The mailbox is connected.") {
		t.Errorf("%d %s", status, page)
	}
	said, err := c.ends()
	if err != nil {
		t.Error(err)
	}
	for _, want := range []string{"Signed in as help@acme.test. The account support-mail is connected.", "✓ IMAP login", "✓ SMTP login"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said:\n%s", want, said)
		}
	}
	for _, secret := range append(w.microsoft.Tokens(), "client-secret-1") {
		if strings.Contains(said, secret) {
			t.Errorf("a secret is printed:\n%s", said)
		}
	}
}

// The ways in which it doesn't work say what to do.
func TestConnectCommandRefused(t *testing.T) {
	t.Parallel()
	w := newBrowserWorld(t)

	c := w.start("support-mail")
	back, err := w.microsoft.SignIn(t.Context(), c.link(t), "ann@acme.test")
	if err != nil {
		t.Fatal(err)
	}
	if _, page := visit(t, back); !strings.Contains(page, "You signed in as ann@acme.test") {
		t.Error(page)
	}
	if said, err := c.ends(); err == nil || !strings.Contains(said, "You signed in as ann@acme.test, but this account is help@acme.test.") {
		t.Errorf("%v\n%s", err, said)
	}

	c = w.start("support-mail", "--timeout", "100ms")
	if said, err := c.ends(); err == nil || !strings.Contains(said, "did not come back in time") {
		t.Errorf("%v\n%s", err, said)
	}

	c = w.start("suport")
	if said, err := c.ends(); err == nil || !strings.Contains(said, `there is no account "suport", only support-mail`) {
		t.Errorf("%v\n%s", err, said)
	}

	c = w.start("support-mail", "--paste")
	if back, err = w.microsoft.SignIn(t.Context(), c.link(t), officeAddress); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c.in, back+"\n"); err != nil {
		t.Fatal(err)
	}
	if said, err := c.ends(); err != nil || !strings.Contains(said, "is connected") {
		t.Errorf("pasted: %v\n%s", err, said)
	}
}
