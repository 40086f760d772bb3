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

// This file reads what a domain itself publishes about its mail servers: a file in Mozilla's format, or SRV records.

// file is a configuration that a domain publishes for mail programs.
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

// byFile looks for a domain's configuration file. It only uses https: somebody who can change the file on its way
// could name a server of his own, and would get the mailbox's password.
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
	if err != nil || len(raw) > maxFile {
		return nil
	}
	if resp.StatusCode != http.StatusOK {
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
	imap, hasIMAP := choose(published.Provider.Incoming, "imap", fill)
	smtp, hasSMTP := choose(published.Provider.Outgoing, "smtp", fill)
	if !hasIMAP || !hasSMTP {
		return Found{}
	}
	return Found{From: "published by " + domain, IMAP: imap, SMTP: smtp}
}

// choose takes the first server of a protocol whose connection is protected and that takes passwords. It passes over
// servers whose host or port can't be used. fill replaces the file's placeholders by parts of the address.
func choose(list []publishedSite, protocol string, fill *strings.Replacer) (server settings.Server, ok bool) {
	for _, s := range list {
		if !strings.EqualFold(s.Type, protocol) || !s.canTakePasswords() {
			continue
		}

		server = settings.Server{
			Host:     publicHost(fill.Replace(s.Host)),
			Port:     strings.TrimSpace(s.Port),
			Security: s.connectionSecurity(),
			Username: strings.TrimSpace(fill.Replace(s.Username)),
		}

		isProtected := server.Security != ""
		isReachable := server.Host != "" && isPort(server.Port)
		if isProtected && isReachable {
			return server, true
		}
	}

	return settings.Server{}, false
}

// connectionSecurity returns how the connection to a server is protected, or "" if it isn't.
func (s publishedSite) connectionSecurity() string {
	switch strings.ToUpper(strings.TrimSpace(s.Socket)) {
	case "SSL":
		return settings.TLS
	case "STARTTLS":
		return settings.STARTTLS
	}
	return ""
}

// canTakePasswords reports whether one can sign in with a password. A server that names no method takes them.
func (s publishedSite) canTakePasswords() bool {
	isPassword := func(method string) bool {
		return slices.Contains([]string{"password-cleartext", "plain", "password-encrypted", "secure"}, strings.TrimSpace(method))
	}
	return len(s.Auth) == 0 || slices.ContainsFunc(s.Auth, isPassword)
}

// isPort reports whether a text is the number of a port.
func isPort(text string) bool {
	const portBits = 16
	n, err := strconv.ParseUint(text, 10, portBits)
	return err == nil && n > 0
}

// bySRV asks the DNS for the SRV records of a domain's mail servers. It needs both IMAP and SMTP.
// Source: RFC 6186; RFC 8314 section 5.1, which prefers TLS from the first byte.
func (f *Finder) bySRV(ctx context.Context, address, domain string) Found {
	imap, ok := f.findService(ctx, address, domain, "imaps", "imap")
	if !ok {
		return Found{}
	}
	smtp, ok := f.findService(ctx, address, domain, "submissions", "submission")
	if !ok {
		return Found{}
	}
	return Found{From: "in the DNS of " + domain, IMAP: imap, SMTP: smtp}
}

// findService finds the server of a service by the two names that the service has in the DNS: one with TLS from the
// first byte, and one with STARTTLS.
func (f *Finder) findService(ctx context.Context, user, domain, nameTLS, nameSTARTTLS string) (settings.Server, bool) {
	if server, ok := f.lookUpService(ctx, nameTLS, domain); ok {
		server.Security = settings.TLS
		server.Username = user
		return server, true
	}
	if server, ok := f.lookUpService(ctx, nameSTARTTLS, domain); ok {
		server.Security = settings.STARTTLS
		server.Username = user
		return server, true
	}
	return settings.Server{}, false
}

// lookUpService returns host and port of the best server with this name in the DNS. ok is false if the DNS names
// none, or doesn't answer.
func (f *Finder) lookUpService(ctx context.Context, name, domain string) (server settings.Server, ok bool) {
	_, list, _ := f.resolver.LookupSRV(ctx, name, "tcp", domain) // with an error, list has the records that could be read
	if len(list) == 0 {
		return settings.Server{}, false
	}
	best := slices.MinFunc(list, func(a, b *net.SRV) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(b.Weight, a.Weight))
	})
	host := publicHost(best.Target) // "" for ".", which says that there is none
	if host == "" || best.Port == 0 {
		return settings.Server{}, false
	}
	return settings.Server{Host: host, Port: strconv.Itoa(int(best.Port))}, true
}
