package autoconfig

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"parley/channels"
	"parley/channels/email/settings"
)

// names is the DNS of a test.
type names struct {
	mx  map[string]string // of a domain
	srv map[string]net.SRV
}

func (n names) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	if at := n.mx[name]; at != "" {
		return []*net.MX{{Host: at, Pref: 10}}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (n names) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
	if s, ok := n.srv["_"+service+"._"+proto+"."+name]; ok {
		return "", []*net.SRV{{Target: "second.other.test.", Port: 1, Priority: 9}, &s}, nil
	}
	return "", nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// web answers requests by host and path.
type web map[string]string

func (w web) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	body, ok := w[r.URL.Scheme+"://"+r.URL.Host+r.URL.Path]
	switch to, moved := strings.CutPrefix(body, "-> "); {
	case !ok:
		rec.WriteHeader(http.StatusNotFound)
	case moved:
		http.Redirect(rec, r, to, http.StatusFound)
	default:
		_, _ = rec.WriteString(body)
	}
	return rec.Result(), nil
}

const published = `<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1"><emailProvider id="acme.test"><domain>acme.test</domain><displayName>Acme</displayName>
<incomingServer type="pop3"><hostname>pop.acme.test</hostname><port>995</port><socketType>SSL</socketType></incomingServer>
<incomingServer type="imap"><hostname>plain.acme.test</hostname><port>143</port><socketType>plain</socketType></incomingServer>
<incomingServer type="imap"><hostname>krb.acme.test</hostname><port>993</port><socketType>SSL</socketType><authentication>GSSAPI</authentication></incomingServer>
<incomingServer type="imap"><hostname>imap.%EMAILDOMAIN%</hostname><port>993</port><socketType>SSL</socketType><username>%EMAILLOCALPART%</username><authentication>OAuth2</authentication><authentication>password-cleartext</authentication></incomingServer>
<outgoingServer type="smtp"><hostname>smtp.acme.test</hostname><port>587</port><socketType>STARTTLS</socketType><username>%EMAILADDRESS%</username></outgoingServer>
</emailProvider></clientConfig>`

// The servers of a mailbox are found: those that are known, those of whoever takes the domain's mail, or what the domain publishes.
func TestFind(t *testing.T) {
	t.Parallel()
	const file = "/mail/config-v1.1.xml"
	inDNS := map[string]net.SRV{
		"_imaps._tcp.acme.test":       {Target: "in.acme.test.", Port: 993},
		"_submission._tcp.acme.test":  {Target: "out.acme.test.", Port: 587},
		"_submissions._tcp.acme.test": {Target: "."},
	}
	for name, c := range map[string]struct {
		address    string
		web        web
		names      names
		from       string
		imap, smtp settings.Server
		oauth      string
	}{
		"gmail": {address: "ann@gmail.com", from: "Gmail (known)", oauth: settings.OAuthGoogle,
			imap: settings.Server{Host: "imap.gmail.com", Port: "993", Security: settings.TLS, Username: "ann@gmail.com"},
			smtp: settings.Server{Host: "smtp.gmail.com", Port: "587", Security: settings.STARTTLS, Username: "ann@gmail.com"}},
		"capitals": {address: "Ann@GMX.de", from: "GMX (known)",
			imap: settings.Server{Host: "imap.gmx.net", Port: "993", Security: settings.TLS, Username: "Ann@GMX.de"},
			smtp: settings.Server{Host: "mail.gmx.net", Port: "465", Security: settings.TLS, Username: "Ann@GMX.de"}},
		"a hoster's file for a domain whose mail is at Microsoft": {address: "help@acme.test", web: web{"https://autoconfig.acme.test" + file: published},
			names: names{mx: map[string]string{"acme.test": "acme-test.mail.protection.outlook.com."}}, from: "Microsoft 365 (takes mail for acme.test)",
			oauth: settings.OAuthMicrosoft,
			imap:  settings.Server{Host: "outlook.office365.com", Port: "993", Security: settings.TLS, Username: "help@acme.test"},
			smtp:  settings.Server{Host: "smtp.office365.com", Port: "587", Security: settings.STARTTLS, Username: "help@acme.test"}},
		"published": {address: "help@acme.test", web: web{"https://autoconfig.acme.test" + file: published}, names: names{srv: inDNS}, from: "published by acme.test",
			imap: settings.Server{Host: "imap.acme.test", Port: "993", Security: settings.TLS, Username: "help"},
			smtp: settings.Server{Host: "smtp.acme.test", Port: "587", Security: settings.STARTTLS, Username: "help@acme.test"}},
		"published at the second place, moved": {address: "help@acme.test", from: "published by acme.test",
			web:  web{"https://acme.test/.well-known/autoconfig" + file: "-> https://host.test/acme.xml", "https://host.test/acme.xml": published},
			imap: settings.Server{Host: "imap.acme.test", Port: "993", Security: settings.TLS, Username: "help"},
			smtp: settings.Server{Host: "smtp.acme.test", Port: "587", Security: settings.STARTTLS, Username: "help@acme.test"}},
		"in the DNS": {address: "help@acme.test", names: names{srv: inDNS}, from: "in the DNS of acme.test",
			imap: settings.Server{Host: "in.acme.test", Port: "993", Security: settings.TLS, Username: "help@acme.test"},
			smtp: settings.Server{Host: "out.acme.test", Port: "587", Security: settings.STARTTLS, Username: "help@acme.test"}},
		"nowhere": {address: "help@acme.test"},
		"moved to where anybody can read and change it": {address: "help@acme.test",
			web: web{"https://autoconfig.acme.test" + file: "-> http://host.test/acme.xml", "http://host.test/acme.xml": published}},
		"moved in circles": {address: "help@acme.test", web: web{"https://autoconfig.acme.test" + file: "-> https://autoconfig.acme.test" + file}},
		"too long":         {address: "help@acme.test", web: web{"https://autoconfig.acme.test" + file: published + strings.Repeat(" ", maxFile)}},
		"no configuration": {address: "help@acme.test", web: web{"https://autoconfig.acme.test" + file: "<html><body>Welcome</body></html>"}},
		"servers of nobody's internet": {address: "help@acme.test", web: web{"https://autoconfig.acme.test" + file: strings.NewReplacer(
			"imap.%EMAILDOMAIN%", "10.0.0.7", "smtp.acme.test", "localhost").Replace(published)}},
		"an international domain": {address: "hilfe@bücher.example", names: names{mx: map[string]string{"xn--bcher-kva.example": "mx1.mailbox.org."}},
			from: "mailbox.org (takes mail for xn--bcher-kva.example)",
			imap: settings.Server{Host: "imap.mailbox.org", Port: "993", Security: settings.TLS, Username: "hilfe@bücher.example"},
			smtp: settings.Server{Host: "smtp.mailbox.org", Port: "465", Security: settings.TLS, Username: "hilfe@bücher.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &Finder{client: &http.Client{Transport: c.web, CheckRedirect: followSecurely}, resolver: c.names}
			got, err := f.Find(t.Context(), c.address)
			if err != nil {
				t.Fatal(err)
			}
			wantEqual(t, "where they were found", got.From, c.from)
			wantEqual(t, "IMAP", got.IMAP, c.imap)
			wantEqual(t, "SMTP", got.SMTP, c.smtp)
			wantEqual(t, "sign-in", got.OAuth, c.oauth)
		})
	}
}

// wantEqual checks one value, which what names.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// Nothing is asked for what is no address, or leads into somebody's own network.
func TestNoAddress(t *testing.T) {
	t.Parallel()
	f := &Finder{client: &http.Client{Transport: web{}}, resolver: names{}}
	for _, address := range []string{"", "help", "help@", "help@localhost", "help@10.0.0.7", "help@[10.0.0.7]", "help@acme.test/x", "Ann <ann@acme.test>",
		"help@169.254.169.254", "help@acme..test", "help@" + strings.Repeat("a.", 200) + "test"} {
		if got, err := f.Find(t.Context(), address); !errors.Is(err, ErrNoAddress) {
			t.Errorf("%q: got %+v, %v; want %v", address, got, err, ErrNoAddress)
		}
	}
}

// fenced is a dialer that reaches nothing, as where all names lead into somebody's own network.
type fenced struct{ asked atomic.Int32 }

func (f *fenced) DialContext(context.Context, string, string) (net.Conn, error) {
	f.asked.Add(1)
	return nil, channels.ErrPrivateAddress
}

// All connections go through the given dialer; what it refuses is passed over.
func TestDialerDecides(t *testing.T) {
	t.Parallel()
	d := &fenced{}
	got, err := New(d, names{}).Find(t.Context(), "help@acme.test")
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "where servers were found", got.From, "")
	wantEqual(t, "connections: one for each place of the file", d.asked.Load(), 2)
}

// Every server in the table is one that we would take from a file.
func TestKnown(t *testing.T) {
	t.Parallel()
	for _, p := range listProviders() {
		for _, s := range []settings.Server{parseServer(p.imap, "x"), parseServer(p.smtp, "x")} {
			wantEqual(t, p.title+": host that is public", publicHost(s.Host), s.Host)
			if s.Port == "" || s.Security == "" {
				t.Errorf("%s: got the server %+v, want a port and its security", p.title, s)
			}
		}
		for _, d := range p.domains {
			wantEqual(t, p.title+": domain that is public", publicHost(d), d)
		}
	}
}

// FuzzFile: whatever a domain publishes, servers that are taken from it are public and protected.
func FuzzFile(f *testing.F) {
	f.Add([]byte(published))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got := readFile(raw, "help@acme.test", "help", "acme.test")
		for _, s := range []settings.Server{got.IMAP, got.SMTP} {
			if got.From != "" && (publicHost(s.Host) == "" || s.Security == settings.Unprotected) {
				t.Errorf("got %+v, want public servers with protection, or none", got)
			}
		}
	})
}
