package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge/bridgetest"
	"parley/bridge/relay"
	"parley/bridge/setup"
	"parley/channels/email/mailbox"
	"parley/channels/email/mailfake"
	"parley/channels/email/oauthfake"
	"parley/cmd/parley/app"
	"parley/cmd/parley/operate"
	"parley/store"
)

// consentWorld is a whole Parley whose one mailbox is opened by access tokens of an emulated Google.
type consentWorld struct {
	google  *oauthfake.Server
	mail    *mailfake.Server
	chat    *bridgetest.Chat
	db      *app.Database
	keeper  *operate.Keeper
	account store.Account
}

const gmailAddress = "help@gmail.test"

func newConsentWorld(t *testing.T) *consentWorld {
	t.Helper()
	w := &consentWorld{google: oauthfake.New(oauthfake.Options{
		Provider:     oauthfake.Google,
		ClientID:     "client-1",
		ClientSecret: "client-secret-1",
	})}
	check(t, w.google.Start(""))
	t.Cleanup(func() { _ = w.google.Close() })
	w.mail = mailfake.New(mailfake.Options{CheckToken: w.google.Accepts, Mailboxes: []mailfake.MailboxConfig{{
		Address:    gmailAddress,
		SaveToSent: true,
	}}})

	ctx, cancel := context.WithCancel(context.Background()) // Parley ends before what it talks to
	t.Cleanup(cancel)
	check(t, w.mail.Start(ctx))
	t.Cleanup(func() { _ = w.mail.Close() })

	w.chat = bridgetest.NewChat(t, bridgetest.User{ID: "ann", Email: "ann@acme.test"})
	w.chat.Open("C1")
	env := environment(t)
	env.OAuth = map[string]mailbox.App{mailbox.Google: {
		ID:       "client-1",
		Secret:   "client-secret-1",
		AuthURL:  w.google.AuthURL(),
		TokenURL: w.google.TokenURL(),
	}}

	w.db = openDatabase(t, env)
	applyFile(t, w.db, app.Specs(), w.file())
	w.keeper = operate.New(w.db.Pool, w.db.Sealer, env.OAuth, slog.New(slog.DiscardHandler))
	w.readAccount(t)
	start(t, env, w.db, app.Options{Relay: relay.Options{MaxWait: 50 * time.Millisecond}, Surfaces: inChat(w.chat)})
	return w
}

// file is the set-up.
func (w *consentWorld) file() string {
	server := func(address string) string {
		host, port, _ := net.SplitHostPort(address)
		return fmt.Sprintf("{host: %s, port: %s, security: none}", host, port)
	}
	return fmt.Sprintf(`
agents: [{email: ann@acme.test, name: Ann Lee, slack: ann, roles: [admin]}]
teams: [{name: T, members: [ann@acme.test], slack_channel: C1}]
accounts:
  - {name: gmail, kind: email, team: T, hold: 0s, settings: {who_replies: any_agent},
     email: {address: %s, oauth: google, imap: %s, smtp: %s}}`, gmailAddress, server(w.mail.IMAPAddr()), server(w.mail.SMTPAddr()))
}

// readAccount reads the account anew.
func (w *consentWorld) readAccount(t *testing.T) {
	t.Helper()
	accounts := must(store.ListAccounts(t.Context(), w.db.Pool))(t)
	i := slices.IndexFunc(accounts, func(a store.Account) bool { return a.Name == "gmail" })
	w.account = accounts[i]
}

// connect signs in to the mailbox.
func (w *consentWorld) connect(t *testing.T) {
	t.Helper()
	flow, link, err := w.keeper.Begin(w.account, mailbox.Google, "http://127.0.0.1:9/")
	if err != nil {
		t.Fatal(err)
	}
	back := must(w.google.SignIn(t.Context(), link, gmailAddress))(t)
	u, err := url.Parse(back)
	if err == nil {
		_, err = w.keeper.Finish(t.Context(), w.account, mailbox.Google, flow, u.Query())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// waitForStatus waits until the account has a status.
func (w *consentWorld) waitForStatus(t *testing.T, status string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), servePatience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for w.readAccount(t); w.account.Status != status; w.readAccount(t) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("the account is %s (%s), want %s", w.account.Status, w.account.StatusText, status)
		}
	}
}

// sendMail lets a customer write to the mailbox.
func (w *consentWorld) sendMail(t *testing.T, subject string) {
	t.Helper()
	must(w.mail.Customer("Kim Doe <kim@customer.test>").Send(mailfake.Mail{To: []string{gmailAddress}, Subject: subject,
		Text: "About " + subject}))(t)
}

// A mailbox at Google is disconnected, because its consent was taken back. Meanwhile mail comes and an agent answers. Once
// the mailbox is connected again, nothing is lost, and each message arrives once.
// Requirement R-004: Gmail by signing in.
// Requirement R-014: An account is active, broken or paused.
// Requirement R-015: A broken account is signed in to again, and keeps its queue.
func TestReconnectLosesNothing(t *testing.T) {
	t.Parallel()
	w := newConsentWorld(t)
	w.waitForStatus(t, "error")
	if text := w.account.StatusText; !strings.Contains(text, "not connected") {
		t.Errorf("before the first consent the status says %q, want that it is not connected", text)
	}
	if hint := w.account.StatusHint; !strings.Contains(hint, "parley connect google --account gmail") {
		t.Errorf("before the first consent the hint is %q, want the command that connects", hint)
	}

	w.connect(t)
	w.waitForStatus(t, "active")
	w.sendMail(t, "chairs")
	thread := threadOf(t, w.chat, "C1", "chairs")

	w.google.Revoke(gmailAddress)
	// The access token has expired, and is forgotten as if the process had restarted.
	must(w.db.Pool.Exec(t.Context(), `UPDATE grants
		SET renew_at = clock_timestamp(), expires_at = clock_timestamp(), connected = connected + 1`))(t)
	check(t, store.BumpSettings(t.Context(), w.db.Pool))
	w.waitForStatus(t, "error")
	if text := w.account.StatusText; !strings.Contains(text, "invalid_grant") {
		t.Errorf("after the consent was taken back the status says %q, want invalid_grant", text)
	}

	w.sendMail(t, "tables")
	w.chat.Say("ann", "C1", thread, "They come on Friday.")
	w.connect(t)
	w.waitForStatus(t, "active")

	threadOf(t, w.chat, "C1", "tables")
	ctx, cancel := context.WithTimeout(t.Context(), servePatience)
	defer cancel()
	got, err := w.mail.WaitFor(ctx, "kim@customer.test", func(in []mailfake.Received) bool { return len(in) > 0 })
	if err != nil || len(got) != 1 || !strings.Contains(got[0].Text, "They come on Friday.") {
		t.Errorf("the customer got %+v, %v; want the answer once", got, err)
	}
	w.checkExport(t)
}

// checkExport checks that the set-up file has the account without any secret, and changes nothing when it is applied again.
func (w *consentWorld) checkExport(t *testing.T) {
	t.Helper()
	out := must(setup.Export(t.Context(), w.db.Pool, app.Specs()))(t)
	text := string(out)
	if !strings.Contains(text, "oauth: google") {
		t.Errorf("the export lacks oauth: google:\n%s", text)
	}
	for _, secret := range append(w.google.Tokens(), "client-secret-1", "password", "${") {
		if strings.Contains(text, secret) {
			t.Errorf("the export has a secret, or asks for one:\n%s", text)
		}
	}
	result, err := setup.Apply(t.Context(), w.db.Pool, parse(t, text), setup.Options{Sealer: w.db.Sealer, Specs: app.Specs(), Operator: true})
	if err != nil || len(result.Changes) != 0 {
		t.Errorf("to apply the export again: got %v, %v; want no change", result, err)
	}
	raw, err := json.Marshal(w.account)
	if err != nil || bytes.Contains(raw, []byte("ya29")) {
		t.Errorf("the account holds an access token: %s, %v", raw, err)
	}
	w.waitForStatus(t, "active")
}
