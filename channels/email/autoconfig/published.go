package autoconfig

import (
	"cmp"
	"context"
	"encoding/xml"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"parley/channels/email/settings"
)

// file is a published configuration.
// Source: wiki.mozilla.org/Thunderbird:Autoconfiguration:ConfigFileFormat, and the IETF's draft
// ietf-mailmaint-autoconfig, read November 2026.
type file struct {
	XMLName  xml.Name `xml:"clientConfig"`
	Provider struct {
		Title    string          `xml:"displayName"`
		Incoming []publishedSite `xml:"incomingServer"`
		Outgoing []publishedSite `xml:"outgoingServer"`
	} `xml:"emailProvider"`
}

type publishedSite struct {
	Type     string   `xml:"type,attr"`
	Host     string   `xml:"hostname"`
	Port     string   `xml:"port"`
	Socket   string   `xml:"socketType"`
	Username string   `xml:"username"`
	Auth     []string `xml:"authentication"` // in the order of preference
}

// byFile reads what a domain publishes for mail programs. Only protected connections are used: whoever can change
// the file on its way would learn the mailbox's password.
func (f *Finder) byFile(ctx context.Context, address, local, domain string) Found {
	query := "?" + url.Values{"emailaddress": {address}}.Encode()
	for _, at := range []string{
		"https://autoconfig." + domain + "/mail/config-v1.1.xml" + query,
		"https://" + domain + "/.well-known/autoconfig/mail/config-v1.1.xml" + query,
	} {
		raw := f.fetch(ctx, at)
		if found := readFile(raw, address, local, domain); found.From != "" {
			return found
		}
	}
	return Found{}
}

// fetch gets a file; nil if there is none.
func (f *Finder) fetch(ctx context.Context, address string) []byte {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil
	}
	resp, err := f.client.Do(r)
	if err != nil {
		return nil
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxFile+1))
	if err != nil || resp.StatusCode != http.StatusOK || len(raw) > maxFile {
		return nil
	}
	return raw
}

// readFile takes the first servers that we can use from a file.
func readFile(raw []byte, address, local, domain string) Found {
	var published file
	if len(raw) == 0 || xml.Unmarshal(raw, &published) != nil {
		return Found{}
	}
	fill := strings.NewReplacer("%EMAILADDRESS%", address, "%EMAILLOCALPART%", local, "%EMAILDOMAIN%", domain)
	imap, ok := choose(published.Provider.Incoming, "imap", fill)
	smtp, both := choose(published.Provider.Outgoing, "smtp", fill)
	if !ok || !both {
		return Found{}
	}
	return Found{From: "published by " + domain, IMAP: imap, SMTP: smtp}
}

// choose takes the first server of a protocol whose connection is protected and that takes passwords.
func choose(list []publishedSite, protocol string, fill *strings.Replacer) (settings.Server, bool) {
	for _, s := range list {
		security := map[string]string{"SSL": settings.TLS, "STARTTLS": settings.STARTTLS}[strings.ToUpper(strings.TrimSpace(s.Socket))]
		name, port := publicHost(fill.Replace(s.Host)), strings.TrimSpace(s.Port)
		n, err := strconv.ParseUint(port, 10, 16)
		takesPasswords := len(s.Auth) == 0 || slices.ContainsFunc(s.Auth, func(a string) bool {
			return slices.Contains([]string{"password-cleartext", "plain", "password-encrypted", "secure"}, strings.TrimSpace(a))
		})
		if !strings.EqualFold(s.Type, protocol) || security == "" || name == "" || err != nil || n == 0 || !takesPasswords {
			continue
		}
		return settings.Server{Host: name, Port: port, Security: security, Username: strings.TrimSpace(fill.Replace(s.Username))}, true
	}
	return settings.Server{}, false
}

// bySRV asks the DNS.
// Source: RFC 6186; RFC 8314 section 5.1, which prefers TLS from the first byte.
func (f *Finder) bySRV(ctx context.Context, address, domain string) Found {
	imap, ok := f.service(ctx, address, domain, "imaps", "imap")
	if !ok {
		return Found{}
	}
	smtp, ok := f.service(ctx, address, domain, "submissions", "submission")
	if !ok {
		return Found{}
	}
	return Found{From: "in the DNS of " + domain, IMAP: imap, SMTP: smtp}
}

// service finds the server of a service, whose first name is that with TLS from the first byte.
func (f *Finder) service(ctx context.Context, user, domain string, names ...string) (settings.Server, bool) {
	for i, name := range names {
		_, list, err := f.resolver.LookupSRV(ctx, name, "tcp", domain)
		if err != nil && len(list) == 0 {
			continue
		}
		best := slices.MinFunc(append(list, &net.SRV{Priority: 1<<16 - 1}), func(a, b *net.SRV) int {
			return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(b.Weight, a.Weight))
		})
		if at := publicHost(best.Target); at != "" && best.Port != 0 { // "." says that there is none
			security := settings.STARTTLS
			if i == 0 {
				security = settings.TLS
			}
			return settings.Server{Host: at, Port: strconv.Itoa(int(best.Port)), Security: security, Username: user}, true
		}
	}
	return settings.Server{}, false
}
