package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
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
	"parley/channels/emulator"
	"parley/cmd/parley/app"
	"parley/store"
	"parley/store/storetest"
)

// These tests run `parley connect microsoft` against an emulated Microsoft, and take the part of the person who signs in
// there by a browser.

const officeAddress = "help@acme.test"

// connectTest is a mailbox at an emulated Microsoft, and the database of a Parley that has an account for it: support-mail.
type connectTest struct {
	t         *testing.T
	microsoft *oauthfake.Server
	env       []string
}

func newConnectTest(t *testing.T) *connectTest {
	t.Helper()
	w := &connectTest{
		t:         t,
		microsoft: oauthfake.New(oauthfake.Options{Provider: oauthfake.Microsoft, ClientID: "client-1", ClientSecret: "client-secret-1"}),
	}
	check(t, w.microsoft.Start(""))
	t.Cleanup(func() { _ = w.microsoft.Close() })
	mail := mailfake.New(mailfake.Options{CheckToken: w.microsoft.Accepts, Mailboxes: []mailfake.MailboxConfig{{Address: officeAddress}}})
	check(t, mail.Start(context.Background()))
	t.Cleanup(func() { _ = mail.Close() })

	env := app.Env{DatabaseURL: storetest.Reused(t).Config().ConnString(), Data: t.TempDir(), MasterKey: store.NewMasterKey()}
	w.applyMailbox(env, mail)
	w.env = []string{
		"DATABASE_URL=" + env.DatabaseURL,
		"PARLEY_DATA=" + env.Data,
		"PARLEY_MASTER_KEY=" + env.MasterKey,
		"PARLEY_LOG=debug",
		"MICROSOFT_CLIENT_ID=client-1",
		"MICROSOFT_CLIENT_SECRET=client-secret-1",
		"MICROSOFT_AUTH_URL=" + w.microsoft.AuthURL(),
		"MICROSOFT_TOKEN_URL=" + w.microsoft.TokenURL(),
	}
	return w
}

// applyMailbox sets up the account support-mail for the mailbox.
func (w *connectTest) applyMailbox(env app.Env, mail *mailfake.Server) {
	w.t.Helper()
	db := must(app.OpenDatabase(w.t.Context(), env, slog.New(slog.DiscardHandler), func(string) {}))(w.t)
	defer db.Close()
	check(w.t, db.Migrate(w.t.Context(), env))

	yaml := fmt.Sprintf(`
accounts:
  - name: support-mail
    kind: email
    email:
      address: %s
      oauth: microsoft
      imap: %s
      smtp: %s
`, officeAddress, serverYAML(mail.IMAPAddr()), serverYAML(mail.SMTPAddr()))
	file := must(setup.Parse([]byte(yaml), os.LookupEnv))(w.t)
	must(setup.Apply(w.t.Context(), db.Pool, file, setup.Options{
		Sealer:   db.Sealer,
		Specs:    app.Specs(),
		Operator: true,
	}))(w.t)
}

// serverYAML returns how parley.yaml names a server without TLS.
func serverYAML(address string) string {
	host, port, _ := net.SplitHostPort(address)
	return "{host: " + host + ", port: " + port + ", security: none}"
}

// connectRun is a started `parley connect microsoft`.
type connectRun struct {
	cmd     *exec.Cmd
	input   io.WriteCloser
	output  *bufio.Reader
	printed bytes.Buffer // all that was read of output
	errors  bytes.Buffer // standard error
}

// start runs `parley connect microsoft --account ACCOUNT FLAGS`.
func (w *connectTest) start(account string, flags ...string) *connectRun {
	w.t.Helper()
	program := executable(w.t)
	args := append([]string{"connect", "microsoft", "--account", account}, flags...)
	c := &connectRun{cmd: exec.CommandContext(patient(w.t), program, args...)}
	c.cmd.Env = append(append(os.Environ(), asParley+"=yes", "GORACE=atexit_sleep_ms=0"), w.env...)
	c.cmd.Dir, c.cmd.Stderr = filepath.Dir(program), &c.errors
	c.cmd.Cancel = func() error { return c.cmd.Process.Signal(syscall.SIGTERM) }
	c.cmd.WaitDelay = time.Minute
	out := must(c.cmd.StdoutPipe())(w.t)
	c.input = must(c.cmd.StdinPipe())(w.t)
	c.output = bufio.NewReader(io.TeeReader(out, &c.printed))
	check(w.t, c.cmd.Start())
	return c
}

// readLink reads what is printed until there is a link, and returns that.
func (c *connectRun) readLink(t *testing.T) string {
	t.Helper()
	for {
		line, err := c.output.ReadString('\n')
		if err != nil {
			t.Fatalf("no link was printed: %v\n%s%s", err, c.printed.String(), c.errors.String())
		}
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "http") {
			return line
		}
	}
}

// wait waits for the end of the command, and returns all that it printed.
func (c *connectRun) wait() (string, error) {
	_, _ = io.Copy(io.Discard, c.output)
	err := c.cmd.Wait()
	return c.printed.String() + c.errors.String(), err
}

// mustSucceed waits for the end of the command, which must succeed, and returns all that it printed.
func (c *connectRun) mustSucceed(t *testing.T) string {
	t.Helper()
	printed, err := c.wait()
	if err != nil {
		t.Fatalf("parley connect: %v, want success; it printed\n%s", err, printed)
	}
	return printed
}

// mustFail waits for the end of the command, which must fail, and returns all that it printed.
func (c *connectRun) mustFail(t *testing.T) string {
	t.Helper()
	printed, err := c.wait()
	if err == nil {
		t.Fatalf("parley connect succeeded, want a failure; it printed\n%s", printed)
	}
	return printed
}

// signIn signs in at Microsoft by a link, and returns the address to which Microsoft then sends the browser.
func (w *connectTest) signIn(link, mailbox string) (back string) {
	w.t.Helper()
	return must(w.microsoft.SignIn(w.t.Context(), link, mailbox))(w.t)
}

// visit opens an address as a browser does, and returns what the page says.
func visit(t *testing.T, address string) (status int, page string) {
	t.Helper()
	r := must(http.NewRequestWithContext(patient(t), http.MethodGet, address, nil))(t)
	resp := must(emulator.NewClient().Do(r))(t)
	defer func() { _ = resp.Body.Close() }()
	body := must(io.ReadAll(resp.Body))(t)
	return resp.StatusCode, string(body)
}

// A server without a public address is connected from a terminal.
// Requirement R-005: Office 365 by signing in.
func TestConnectCommand(t *testing.T) {
	t.Parallel()
	w := newConnectTest(t)
	c := w.start("support-mail")
	back := w.signIn(c.readLink(t), officeAddress)

	status, page := visit(t, back)
	if status != http.StatusOK {
		t.Errorf("the page to which Microsoft leads has status %d, want 200", status)
	}
	wantText(t, page, "The mailbox is connected.")

	printed := c.mustSucceed(t)
	wantText(t, printed, "Signed in as help@acme.test. The account support-mail is connected.")
	wantText(t, printed, "✓ IMAP login")
	wantText(t, printed, "✓ SMTP login")
	for _, secret := range append(w.microsoft.Tokens(), "client-secret-1") {
		if strings.Contains(printed, secret) {
			t.Errorf("the secret %q is printed:\n%s", secret, printed)
		}
	}
}

func TestConnectCommandRefusesOtherMailbox(t *testing.T) {
	t.Parallel()
	w := newConnectTest(t)
	c := w.start("support-mail")
	_, page := visit(t, w.signIn(c.readLink(t), "ann@acme.test"))
	wantText(t, page, "You signed in as ann@acme.test")
	wantText(t, c.mustFail(t), "You signed in as ann@acme.test, but this account is help@acme.test.")
}
