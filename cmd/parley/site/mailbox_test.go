package site_test

import (
	"context"
	"html"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"parley/channels/email/mailbox"
	"parley/channels/email/mailfake"
	"parley/channels/email/oauthfake"
	"parley/cmd/parley/operate"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store"
)

const (
	newAddress = "help@acme.test"
	bare       = `
company: Acme
agents:
  - {email: ann@acme.test, name: Ann Lee, roles: [admin], slack: U0ANN}
teams:
  - {name: Support, members: [ann@acme.test], slack_channel: C0SUPPORT}
`
)

// dns knows the servers of acme.test, and that the mail of google.test is at Google.
type dns struct{}

func (dns) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	if name == "google.test" {
		return []*net.MX{{Host: "aspmx.l.google.com."}}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (dns) LookupSRV(_ context.Context, service, _, name string) (string, []*net.SRV, error) {
	if name == "acme.test" && service == "imaps" {
		return "", []*net.SRV{{Target: "imap.acme.test.", Port: 993}}, nil
	}
	if name == "acme.test" && service == "submission" {
		return "", []*net.SRV{{Target: "smtp.acme.test.", Port: 587}}, nil
	}
	return "", nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// unplugged reaches nobody.
type unplugged struct{}

func (unplugged) DialContext(context.Context, string, string) (net.Conn, error) {
	return nil, net.ErrClosed
}

// mailWorld is a site beside a mail server and an emulated Google.
type mailWorld struct {
	*sitetest.Site
	mail   *mailfake.Server
	google *oauthfake.Server
}

func newMailWorld(t *testing.T, yaml string) *mailWorld {
	t.Helper()
	w := &mailWorld{google: oauthfake.New(oauthfake.Options{
		Provider:     oauthfake.Google,
		ClientID:     "client-1",
		ClientSecret: "client-secret-1",
	})}
	check(t, w.google.Start(""))
	t.Cleanup(func() { _ = w.google.Close() })
	w.mail = mailfake.New(mailfake.Options{CheckToken: w.google.Accepts, Mailboxes: []mailfake.MailboxConfig{
		{Address: newAddress, Password: "tops3cret"}, {Address: "help@google.test"}}})
	check(t, w.mail.Start(context.Background()))
	t.Cleanup(func() { _ = w.mail.Close() })

	imap, imapPort, _ := net.SplitHostPort(w.mail.IMAPAddr())
	_, smtpPort, _ := net.SplitHostPort(w.mail.SMTPAddr())
	yaml = strings.NewReplacer("HOST", imap, "IMAP_PORT", imapPort, "SMTP_PORT", smtpPort).Replace(yaml)
	w.Site = sitetest.Start(t, yaml, func(o *site.Options) {
		o.Finder = mailbox.NewAutoconfig(unplugged{}, dns{})
		o.Consents = operate.New(o.Pool, o.Sealer, map[string]mailbox.App{mailbox.Google: {ID: "client-1", Secret: "client-secret-1",
			AuthURL: w.google.AuthURL(), TokenURL: w.google.TokenURL()}}, slog.New(slog.DiscardHandler))
	})
	return w
}

// account reads an account as it is stored.
func (w *mailWorld) account(name string) *store.Account {
	w.T.Helper()
	accounts := must(store.ListAccounts(w.T.Context(), w.Pool))(w.T)
	for _, a := range accounts {
		if a.Name == name {
			return &a
		}
	}
	return nil
}

// An admin adds a mailbox by its address and password. Its servers are filled in and each is tested, and a fault of
// one is shown beside its fields.
// Requirement R-006: IMAP and SMTP settings, tested before they count.
func TestAddMailboxByPassword(t *testing.T) {
	t.Parallel()
	w := newMailWorld(t, bare)
	b := w.Walk("ann@acme.test")
	b.Open("/settings/accounts")
	b.Press(`a[href="/settings/add-mailbox"]`)
	b.Looks("mailbox-begin")

	b.Write("#f-email-address", "help")
	b.Press("form.page button.main")
	b.Shows("This isn't an e-mail address.")

	b.Write("#f-email-address", newAddress)
	b.Press("form.page summary")
	b.Write("#f-email-sender_name", "Acme Support")
	b.Press("form.page button.main")
	b.Shows("Found: in the DNS of acme.test.")
	b.Holds("#f-email-imap-host", "imap.acme.test")
	b.Holds("#f-email-smtp-port", "587")
	b.Looks("mailbox-servers")
	b.Press("form.page button.main")
	b.Shows("This is needed.")

	host, imapPort, _ := net.SplitHostPort(w.mail.IMAPAddr())
	_, smtpPort, _ := net.SplitHostPort(w.mail.SMTPAddr())
	for _, f := range [][3]string{{"imap", imapPort, "wrong"}, {"smtp", smtpPort, ""}} {
		b.Write("#f-email-"+f[0]+"-host", host)
		b.Write("#f-email-"+f[0]+"-port", f[1])
		b.Choose("#f-email-"+f[0]+"-security", "none")
	}

	b.Write("#f-email-imap-password", "wrong")
	b.Press("form.page button.main")
	b.Shows("refuses the user name or the password")
	b.Looks("mailbox-refused")
	b.Holds("#f-email-imap-host", host)
	b.Holds("#f-email-imap-password", "")

	b.Write("#f-email-imap-password", "tops3cret")
	b.Press("form.page button.main")
	b.Shows("The mailbox was added.")
	b.Shows("Write a mail to help@acme.test") // the first mailbox: what comes next in the first steps
	b.Open("/settings/accounts/help")
	b.Press(`form[action$="/test"] button`)
	b.Shows("signed in at " + w.mail.SMTPAddr())
	b.Looks("mailbox-tested")

	a := w.account("help")
	if a == nil || a.Mode != store.ModeWatch || !strings.Contains(string(a.Config), `"sender_name": "Acme Support"`) ||
		strings.Contains(string(a.Config), "tops3cret") {
		t.Errorf("%+v", a)
	}
}

// An admin adds a mailbox at Google and connects it in the browser, from its address alone.
// Requirement R-004: Gmail by signing in.
func TestAddMailboxAtGoogle(t *testing.T) {
	t.Parallel()
	w := newMailWorld(t, bare)
	b := w.Browser("ann@acme.test")
	b.Open("/settings/add-mailbox")
	b.Write("#f-email-address", "help@google.test")
	b.Press("form.page button.main")
	b.Shows("Found: Gmail (takes mail for google.test).")
	b.Looks("mailbox-google")

	b.Press(`form[action$="/provider"] button`)
	b.Shows("(emulated)")
	b.Press(`button[value="cancel"]`)
	b.Shows("You did not allow it at Google")
	if a := w.account("help"); !a.Paused {
		t.Error("a mailbox that nobody has connected is not paused, and so in error")
	}
	b.Looks("mailbox-cancelled")

	b.Press(`form[action$="/connect"] button`)
	b.Write(`input[name="login"]`, "ann@google.test")
	b.Press(`button[value="allow"]`)
	b.Shows("You signed in as ann@google.test, but this account is help@google.test.")

	must(store.ReportAccount(t.Context(), w.Pool, w.account("help").ID, "error", "It is not connected yet.", "Connect it."))(t)
	b.Press(`form[action$="/connect"] button`)
	b.Press(`button[value="allow"]`) // the address is filled in there
	b.Shows("Signed in as help@google.test.")
	b.Shows("Connecting…")
	b.Looks("mailbox-connecting")
	must(store.ReportAccount(t.Context(), w.Pool, w.account("help").ID, "active", "", ""))(t)
	b.Shows("Active") // by itself
	b.Looks("mailbox-connected")
	if a := w.account("help"); a == nil || a.Paused || a.Mode != store.ModeWatch || !strings.Contains(string(a.Config), `"oauth": "google"`) {
		t.Errorf("%+v", a)
	}
}

const atGoogle = bare + `
accounts:
  - {name: gmail, kind: email, team: Support, email: {address: help@google.test, oauth: google,
     imap: {host: HOST, port: IMAP_PORT, security: none}, smtp: {host: HOST, port: SMTP_PORT, security: none}}}
`

// An admin finds a broken mailbox in the list, connects it again and tests it, without a script.
// Requirement R-014: An account is active, broken or paused.
// Requirement R-015: A broken account is signed in to again, and keeps its queue.
func TestReconnectMailbox(t *testing.T) {
	t.Parallel()
	w := newMailWorld(t, atGoogle)
	must(store.ReportAccount(t.Context(), w.Pool, w.account("gmail").ID, "error", "The consent is over.", "Connect it."))(t)
	v := w.Visitor("ann@acme.test")

	if path := site.AccountPath("help & orders/de"); path != "/settings/accounts/help%20&%20orders%2Fde" {
		t.Errorf("the page of an account is %s", path)
	}
	list := v.Get("/settings/accounts")
	if !list.Has(`<a class="small" href="/settings/accounts/gmail" aria-label="Reconnect gmail">Reconnect</a>`) {
		t.Error(list.Body)
	}
	if page := v.Get("/settings/accounts/gmail"); page.Has("Connect it.") || !page.Has("Press the button and sign in as help@google.test.") {
		t.Errorf("the page doesn't name its button: %s", page.Body)
	}
	if page := v.Post("/settings/accounts/gmail/test", nil); !page.Has("not connected to Google yet") || !page.Has("Fault") {
		t.Error(page.Body)
	}

	back := w.signIn(v, "gmail")
	if a := v.Get(back); a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/settings/accounts/gmail" {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if page := v.Get("/settings/accounts/gmail"); !page.Has("Connecting…") || page.Has("The consent is over.") ||
		page.Has("Not connected") {
		t.Errorf("the page contradicts itself: %s", page.Body)
	}
	if page := v.Post("/settings/accounts/gmail/test", nil); !page.Has("IMAP login") || page.Has("Fault") ||
		!page.Has("help@google.test signed in") {
		t.Error(page.Body)
	}

	// The address to which Google sends her back works once, in this browser, and not for long.
	if a := v.Get(back); a.Status != http.StatusBadRequest || !a.Has("This attempt was finished before.") {
		t.Errorf("replayed: %d %s", a.Status, a.Body)
	}

	second := w.signIn(v, "gmail")
	other := w.Visitor("ann@acme.test")
	if a := other.Get(second); a.Status != http.StatusBadRequest || !a.Has("Nobody began this attempt here.") {
		t.Errorf("in another browser: %d %s", a.Status, a.Body)
	}

	must(w.Pool.Exec(t.Context(), `UPDATE grant_attempts SET until = clock_timestamp()`))(t)
	if a := v.Get(second); a.Status != http.StatusBadRequest || !a.Has("This attempt took too long.") {
		t.Errorf("late: %d %s", a.Status, a.Body)
	}

	for _, path := range []string{"/settings/accounts", "/settings/accounts/gmail", "/settings/accounts/gmail"} {
		for _, secret := range append(w.google.Tokens(), "client-secret-1") {
			if v.Get(path).Has(secret) {
				t.Errorf("a secret is on %s", path)
			}
		}
	}
}

// signIn goes to the provider and back, and gives the path at which the browser ends.
func (w *mailWorld) signIn(v *sitetest.Visitor, account string) string {
	w.T.Helper()
	page := v.Post("/settings/accounts/"+account+"/connect", nil)
	_, rest, _ := strings.Cut(page.Body, `class="button main" href="`)
	link, _, _ := strings.Cut(rest, `"`)
	back, err := w.google.SignIn(w.T.Context(), html.UnescapeString(link), "help@google.test")
	if err != nil {
		w.T.Fatalf("%v\n%s", err, page.Body)
	}
	return strings.TrimPrefix(back, w.URL)
}
