package mailbox

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"parley/channels"
	"parley/channels/email/message"
)

// fakeDNS is the DNS of a test.
type fakeDNS struct {
	mx  map[string]string  // by domain
	srv map[string]net.SRV // by full name, such as _imaps._tcp.acme.test
}

func (d fakeDNS) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	if host := d.mx[name]; host != "" {
		return []*net.MX{{Host: host, Pref: 10}}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// LookupSRV returns a second server as well, which has the lower priority.
func (d fakeDNS) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
	first, ok := d.srv["_"+service+"._"+proto+"."+name]
	if !ok {
		return "", nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	second := &net.SRV{Target: "second.other.test.", Port: 1, Priority: 9}
	return "", []*net.SRV{second, &first}, nil
}

// fakeWeb has the pages of a test by their addresses.
type fakeWeb struct {
	pages     map[string]string // contents
	redirects map[string]string // where each leads
}

func (w fakeWeb) RoundTrip(r *http.Request) (*http.Response, error) {
	address := r.URL.Scheme + "://" + r.URL.Host + r.URL.Path
	rec := httptest.NewRecorder()
	if to, ok := w.redirects[address]; ok {
		http.Redirect(rec, r, to, http.StatusFound)
	} else if page, ok := w.pages[address]; ok {
		_, _ = rec.WriteString(page)
	} else {
		rec.WriteHeader(http.StatusNotFound)
	}
	return rec.Result(), nil
}

// newFinder returns a Finder that asks a web and a DNS of a test.
func newFinder(w fakeWeb, d fakeDNS) *Finder {
	return &Finder{client: &http.Client{Transport: w, CheckRedirect: followSecurely}, resolver: d}
}

// Where a domain may publish its file.
const (
	firstPlace  = "https://autoconfig.acme.test/mail/config-v1.1.xml"
	secondPlace = "https://acme.test/.well-known/autoconfig/mail/config-v1.1.xml"
)

// published is a file that acme.test publishes. Only its last incoming server may be used: the first one doesn't speak
// IMAP, the second one has no protection, and nobody can sign in to the third one with a password.
const published = `<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
	<emailProvider id="acme.test">
		<domain>acme.test</domain>
		<displayName>Acme</displayName>
		<incomingServer type="pop3">
			<hostname>pop.acme.test</hostname>
			<port>995</port>
			<socketType>SSL</socketType>
		</incomingServer>
		<incomingServer type="imap">
			<hostname>plain.acme.test</hostname>
			<port>143</port>
			<socketType>plain</socketType>
		</incomingServer>
		<incomingServer type="imap">
			<hostname>krb.acme.test</hostname>
			<port>993</port>
			<socketType>SSL</socketType>
			<authentication>GSSAPI</authentication>
		</incomingServer>
		<incomingServer type="imap">
			<hostname>imap.%EMAILDOMAIN%</hostname>
			<port>993</port>
			<socketType>SSL</socketType>
			<username>%EMAILLOCALPART%</username>
			<authentication>OAuth2</authentication>
			<authentication>password-cleartext</authentication>
		</incomingServer>
		<outgoingServer type="smtp">
			<hostname>smtp.acme.test</hostname>
			<port>587</port>
			<socketType>STARTTLS</socketType>
			<username>%EMAILADDRESS%</username>
		</outgoingServer>
	</emailProvider>
</clientConfig>`

// publishedServers are what is found in published, for help@acme.test.
func publishedServers() Found {
	return Found{
		From: "published by acme.test",
		IMAP: message.Server{Host: "imap.acme.test", Port: "993", Security: message.TLS, Username: "help"},
		SMTP: message.Server{Host: "smtp.acme.test", Port: "587", Security: message.STARTTLS, Username: "help@acme.test"},
	}
}

// acmeDNS names the servers of acme.test. There is none for submission over TLS.
func acmeDNS() fakeDNS {
	return fakeDNS{srv: map[string]net.SRV{
		"_imaps._tcp.acme.test":       {Target: "in.acme.test.", Port: 993},
		"_submission._tcp.acme.test":  {Target: "out.acme.test.", Port: 587},
		"_submissions._tcp.acme.test": {Target: "."},
	}}
}

// findTest says what is found for an address.
type findTest struct {
	name    string
	address string
	web     fakeWeb
	dns     fakeDNS
	want    Found
}

func (tt findTest) run(t *testing.T) {
	t.Parallel()
	got, err := newFinder(tt.web, tt.dns).Find(t.Context(), tt.address)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "where they were found", got.From, tt.want.From)
	wantEqual(t, "IMAP", got.IMAP, tt.want.IMAP)
	wantEqual(t, "SMTP", got.SMTP, tt.want.SMTP)
	wantEqual(t, "sign-in", got.OAuth, tt.want.OAuth)
}

// wantEqual checks one value. what is its name in the error.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// Finder knows the servers of a provider by the domain of an address, or by the server that takes the domain's mail
// (MX).
func TestFindKnownProvider(t *testing.T) {
	t.Parallel()
	tests := []findTest{
		{
			name:    "Gmail",
			address: "ann@gmail.com",
			want: Found{
				From:  "Gmail (known)",
				OAuth: message.OAuthGoogle,
				IMAP:  message.Server{Host: "imap.gmail.com", Port: "993", Security: message.TLS, Username: "ann@gmail.com"},
				SMTP:  message.Server{Host: "smtp.gmail.com", Port: "587", Security: message.STARTTLS, Username: "ann@gmail.com"},
			},
		},
		{
			name:    "capitals",
			address: "Ann@GMX.de",
			want: Found{
				From: "GMX (known)",
				IMAP: message.Server{Host: "imap.gmx.net", Port: "993", Security: message.TLS, Username: "Ann@GMX.de"},
				SMTP: message.Server{Host: "mail.gmx.net", Port: "465", Security: message.TLS, Username: "Ann@GMX.de"},
			},
		},
		{
			name:    "Microsoft takes the domain's mail, though its hoster publishes a file",
			address: "help@acme.test",
			web:     fakeWeb{pages: map[string]string{firstPlace: published}},
			dns:     fakeDNS{mx: map[string]string{"acme.test": "acme-test.mail.protection.outlook.com."}},
			want: Found{
				From:  "Microsoft 365 (takes mail for acme.test)",
				OAuth: message.OAuthMicrosoft,
				IMAP:  message.Server{Host: "outlook.office365.com", Port: "993", Security: message.TLS, Username: "help@acme.test"},
				SMTP:  message.Server{Host: "smtp.office365.com", Port: "587", Security: message.STARTTLS, Username: "help@acme.test"},
			},
		},
		{
			name:    "international domain",
			address: "hilfe@bücher.example",
			dns:     fakeDNS{mx: map[string]string{"xn--bcher-kva.example": "mx1.mailbox.org."}},
			want: Found{
				From: "mailbox.org (takes mail for xn--bcher-kva.example)",
				IMAP: message.Server{Host: "imap.mailbox.org", Port: "993", Security: message.TLS, Username: "hilfe@bücher.example"},
				SMTP: message.Server{Host: "smtp.mailbox.org", Port: "465", Security: message.TLS, Username: "hilfe@bücher.example"},
			},
		},
	}

	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}

// For other domains Finder takes the servers that the domain publishes in a file, or else in the DNS.
func TestFind(t *testing.T) {
	t.Parallel()
	const host = "https://host.test/acme.xml"
	tests := []findTest{
		{
			name: "in a file, before the DNS", address: "help@acme.test",
			web: fakeWeb{pages: map[string]string{firstPlace: published}}, dns: acmeDNS(), want: publishedServers(),
		},
		{
			name:    "in a file at the second place, which leads elsewhere",
			address: "help@acme.test",
			web:     fakeWeb{redirects: map[string]string{secondPlace: host}, pages: map[string]string{host: published}},
			want:    publishedServers(),
		},
		{
			name:    "in the DNS",
			address: "help@acme.test",
			dns:     acmeDNS(),
			want: Found{
				From: "in the DNS of acme.test",
				IMAP: message.Server{Host: "in.acme.test", Port: "993", Security: message.TLS, Username: "help@acme.test"},
				SMTP: message.Server{Host: "out.acme.test", Port: "587", Security: message.STARTTLS, Username: "help@acme.test"},
			},
		},
		{name: "nowhere", address: "help@acme.test"},
	}

	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}

// Finder ignores a file that can't be trusted, and an answer that isn't such a file.
func TestFindPassesOverBadFiles(t *testing.T) {
	t.Parallel()
	const insecure = "http://host.test/acme.xml" // anybody on the way can read and change it
	private := strings.NewReplacer("imap.%EMAILDOMAIN%", "10.0.0.7", "smtp.acme.test", "localhost").Replace(published)
	tests := []struct {
		name string
		web  fakeWeb
	}{
		{
			name: "it leads to where there is no protection",
			web:  fakeWeb{redirects: map[string]string{firstPlace: insecure}, pages: map[string]string{insecure: published}},
		},
		{name: "it leads in circles", web: fakeWeb{redirects: map[string]string{firstPlace: firstPlace}}},
		{name: "it is too long", web: fakeWeb{pages: map[string]string{firstPlace: published + strings.Repeat(" ", maxFileBytes)}}},
		{name: "it is a page", web: fakeWeb{pages: map[string]string{firstPlace: "<html><body>Welcome</body></html>"}}},
		{name: "its servers are in a private network", web: fakeWeb{pages: map[string]string{firstPlace: private}}},
	}

	for _, tt := range tests {
		t.Run(tt.name, findTest{address: "help@acme.test", web: tt.web}.run)
	}
}

// refusingDialer refuses all connections, as if every name led into a private network.
type refusingDialer struct{ calls atomic.Int32 }

func (d *refusingDialer) DialContext(context.Context, string, string) (net.Conn, error) {
	d.calls.Add(1)
	return nil, channels.ErrPrivateAddress
}

// Finder makes all connections with the given dialer. It passes over a place that the dialer refuses.
func TestDialerDecides(t *testing.T) {
	t.Parallel()
	d := &refusingDialer{}
	got, err := NewAutoconfig(d, fakeDNS{}).Find(t.Context(), "help@acme.test")
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "where servers were found", got.From, "")
	wantEqual(t, "connections: one for each place of the file", d.calls.Load(), 2)
}

// Servers that are taken from a file are public and protected, whatever the file says.
func FuzzFile(f *testing.F) {
	f.Add([]byte(published))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got := readConfigFile(raw, "help@acme.test", "help", "acme.test")
		if got.From == "" { // nothing was taken
			return
		}
		for _, s := range []message.Server{got.IMAP, got.SMTP} {
			if publicHost(s.Host) == "" {
				t.Errorf("server %+v is not public", s)
			}
			if s.Security == message.Unprotected {
				t.Errorf("server %+v has no protection", s)
			}
		}
	})
}
