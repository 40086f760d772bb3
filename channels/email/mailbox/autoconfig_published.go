package mailbox

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

	"parley/channels/email/message"
)

// This file reads what a domain itself publishes about its mail servers: a configuration file in Mozilla's format, or
// SRV records in the DNS. Such a file looks like this, shortened:
//
//	<clientConfig><emailProvider>
//	  <incomingServer type="imap">
//	    <hostname>mail.acme.test</hostname> <port>993</port> <socketType>SSL</socketType>
//	    <username>%EMAILADDRESS%</username> <authentication>password-cleartext</authentication>
//	  </incomingServer>
//	  <outgoingServer type="smtp"> … </outgoingServer>
//	</emailProvider></clientConfig>

// configFile is the configuration that a domain publishes for mail programs.
// Source: wiki.mozilla.org/Thunderbird:Autoconfiguration:ConfigFileFormat, and the IETF's draft
// ietf-mailmaint-autoconfig, read November 2026.
type configFile struct {
	XMLName  xml.Name `xml:"clientConfig"`
	Provider struct {
		Title    string            `xml:"displayName"`
		Incoming []publishedServer `xml:"incomingServer"`
		Outgoing []publishedServer `xml:"outgoingServer"`
	} `xml:"emailProvider"`
}

type publishedServer struct {
	Type     string   `xml:"type,attr"`
	Host     string   `xml:"hostname"`
	Port     string   `xml:"port"`
	Socket   string   `xml:"socketType"`
	Username string   `xml:"username"`
	Auth     []string `xml:"authentication"` // in order of preference
}

// byFile looks for a domain's configuration file. It uses https only: somebody who could change the file in transit
// could name a server of their own and collect the password of the mailbox.
func (f *Finder) byFile(ctx context.Context, address, local, domain string) Found {
	query := "?" + url.Values{"emailaddress": {address}}.Encode()
	for _, location := range []string{
		"https://autoconfig." + domain + "/mail/config-v1.1.xml" + query,
		"https://" + domain + "/.well-known/autoconfig/mail/config-v1.1.xml" + query,
	} {
		raw := f.fetch(ctx, location)
		if found := readConfigFile(raw, address, local, domain); found.From != "" {
			return found
		}
	}
	return Found{}
}

// fetch downloads a file. It returns nil if there is none, if it is too large or if the server can't be reached.
func (f *Finder) fetch(ctx context.Context, location string) []byte {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return nil
	}

	resp, err := f.client.Do(request)
	if err != nil {
		return nil
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxFileBytes+1))
	if err != nil || len(raw) > maxFileBytes {
		return nil
	}

	return raw
}

// readConfigFile returns the first usable IMAP and SMTP server in a configuration file. It needs both.
func readConfigFile(raw []byte, address, local, domain string) Found {
	var config configFile
	if len(raw) == 0 || xml.Unmarshal(raw, &config) != nil {
		return Found{}
	}
	placeholders := strings.NewReplacer("%EMAILADDRESS%", address, "%EMAILLOCALPART%", local, "%EMAILDOMAIN%", domain)
	imap, hasIMAP := firstUsable(config.Provider.Incoming, "imap", placeholders)
	smtp, hasSMTP := firstUsable(config.Provider.Outgoing, "smtp", placeholders)
	if !hasIMAP || !hasSMTP {
		return Found{}
	}
	return Found{From: "published by " + domain, IMAP: imap, SMTP: smtp}
}

// firstUsable returns the first server for a protocol that is encrypted, accepts passwords and has a valid host and
// port. placeholders replaces the placeholders of the file, such as %EMAILADDRESS%.
func firstUsable(list []publishedServer, protocol string, placeholders *strings.Replacer) (server message.Server, ok bool) {
	for _, published := range list {
		if !strings.EqualFold(published.Type, protocol) || !published.acceptsPasswords() {
			continue
		}

		server = message.Server{
			Host:     publicHost(placeholders.Replace(published.Host)),
			Port:     strings.TrimSpace(published.Port),
			Security: published.connectionSecurity(),
			Username: strings.TrimSpace(placeholders.Replace(published.Username)),
		}

		isEncrypted := server.Security != ""
		isReachable := server.Host != "" && isPort(server.Port)
		if isEncrypted && isReachable {
			return server, true
		}
	}

	return message.Server{}, false
}

// connectionSecurity returns how connections to the server are encrypted, or "" if they aren't.
func (s publishedServer) connectionSecurity() string {
	switch strings.ToUpper(strings.TrimSpace(s.Socket)) {
	case "SSL":
		return message.TLS
	case "STARTTLS":
		return message.STARTTLS
	}
	return ""
}

// acceptsPasswords reports whether a password is enough to sign in. That is assumed if no method is named.
func (s publishedServer) acceptsPasswords() bool {
	isPassword := func(method string) bool {
		return slices.Contains([]string{"password-cleartext", "plain", "password-encrypted", "secure"}, strings.TrimSpace(method))
	}
	return len(s.Auth) == 0 || slices.ContainsFunc(s.Auth, isPassword)
}

func isPort(text string) bool {
	const portBits = 16
	n, err := strconv.ParseUint(text, 10, portBits)
	return err == nil && n > 0
}

// bySRV looks up the SRV records of a domain's mail servers. It needs both IMAP and SMTP.
// Source: RFC 6186; RFC 8314 section 5.1, which prefers implicit TLS to STARTTLS.
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

// findService looks up a service under both of its DNS names: the one for implicit TLS first, then the one for
// STARTTLS.
func (f *Finder) findService(ctx context.Context, user, domain, nameTLS, nameSTARTTLS string) (message.Server, bool) {
	if server, ok := f.lookUpService(ctx, nameTLS, domain); ok {
		server.Security = message.TLS
		server.Username = user
		return server, true
	}
	if server, ok := f.lookUpService(ctx, nameSTARTTLS, domain); ok {
		server.Security = message.STARTTLS
		server.Username = user
		return server, true
	}
	return message.Server{}, false
}

// lookUpService returns the host and port of the preferred server for a service. ok is false if the DNS has no record
// of it or can't be reached.
func (f *Finder) lookUpService(ctx context.Context, service, domain string) (server message.Server, ok bool) {
	_, records, _ := f.resolver.LookupSRV(ctx, service, "tcp", domain) // on an error, records has those that could be read
	if len(records) == 0 {
		return message.Server{}, false
	}
	best := slices.MinFunc(records, func(a, b *net.SRV) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(b.Weight, a.Weight))
	})
	host := publicHost(best.Target) // "" for ".", which means that the domain doesn't offer the service
	if host == "" || best.Port == 0 {
		return message.Server{}, false
	}
	return message.Server{Host: host, Port: strconv.Itoa(int(best.Port))}, true
}
