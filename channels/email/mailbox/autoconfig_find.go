package mailbox

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/mail"
	"regexp"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/idna"

	"parley/channels"
	"parley/channels/email/message"
	"parley/channels/wire"
)

// This file finds the IMAP and SMTP servers of a mailbox from its address alone, so that people who connect
// ann@acme.test needn't type hosts and ports. It consults four sources, most trusted first:
//
//  1. our list of well-known providers, by the domain of the address (known.go);
//  2. the same list, by the MX records of the domain: mail for acme.test may be hosted by Google (known.go);
//  3. the configuration file that the domain publishes for mail programs (published.go);
//  4. the SRV records of the domain (published.go).

// Limits of one search.
const (
	searchTimeout  = 12 * time.Second
	requestTimeout = 5 * time.Second // of one HTTP request
	maxFileBytes   = 64 << 10        // of a published configuration file
	maxRedirects   = 3
)

// ErrNoAddress means that a text isn't an e-mail address with a public domain.
var ErrNoAddress = errors.New("autoconfig: not an e-mail address")

// Found describes how to reach a mailbox. Find hasn't tried to sign in. The zero value means that nothing was found.
type Found struct {
	From       string         // the source, as people read it: "published by acme.test"
	OAuth      string         // the provider with which people can sign in (settings.OAuthGoogle …), or ""
	IMAP, SMTP message.Server // without passwords
	Hint       string         // advice for people, such as that an app password is required; may be empty
}

// Resolver looks up DNS records. *net.Resolver implements it.
type Resolver interface {
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
}

// Finder finds the servers of mailboxes. It is safe for concurrent use.
type Finder struct {
	client   *http.Client
	resolver Resolver
}

// NewAutoconfig returns a finder. dialer opens all connections. It must refuse private IP addresses: whoever types an e-mail
// address chooses which hosts the finder contacts.
func NewAutoconfig(dialer channels.Dialer, resolver Resolver) *Finder {
	return &Finder{
		client:   wire.NewClient(wire.Options{Dialer: dialer, Answer: requestTimeout, Follow: followSecurely}),
		resolver: resolver,
	}
}

// followSecurely allows up to maxRedirects redirects, to https addresses only.
func followSecurely(request *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects || request.URL.Scheme != "https" {
		return http.ErrUseLastResponse
	}
	return nil
}

// Find returns the servers of an address. It takes at most searchTimeout and skips sources that can't be reached. If
// no source knows the mailbox, it returns the zero Found and no error. Its only error is ErrNoAddress.
func (f *Finder) Find(ctx context.Context, address string) (Found, error) {
	local, domain, err := splitAddress(address)
	if err != nil {
		return Found{}, err
	}
	if known, ok := byDomain(domain); ok {
		return known.toFound(address, "known"), nil
	}

	var searches sync.WaitGroup
	defer searches.Wait()
	ctx, cancel := context.WithTimeout(ctx, searchTimeout)
	defer cancel() // runs before Wait: it ends the searches that are no longer needed

	// All searches run at once. The first one in this order that finds something wins, whichever answers first. MX
	// precedes the file because many hosting companies publish a file for every domain, even if its mail is elsewhere.
	var results []chan Found
	for _, search := range []func() Found{
		func() Found { return f.byMX(ctx, address, domain) },
		func() Found { return f.byFile(ctx, address, local, domain) },
		func() Found { return f.bySRV(ctx, address, domain) },
	} {
		result := make(chan Found, 1)
		results = append(results, result)
		searches.Go(func() { result <- search() })
	}

	for _, result := range results {
		if found := <-result; found.From != "" {
			return found, nil
		}
	}

	return Found{}, nil
}

// maxHostBytes is the maximum length of a host name (RFC 1035 section 2.3.4).
const maxHostBytes = 253

// hostPattern matches a host name with at least one dot, in lower case.
var hostPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$`)

// publicHost returns a host name in its ASCII form for lookups. It returns "" for IP addresses and for names without
// a dot, which belong to private networks, and for text that isn't a host name.
func publicHost(name string) string {
	name, err := idna.Lookup.ToASCII(strings.ToLower(strings.TrimSuffix(strings.TrimSpace(name), ".")))
	if err != nil || len(name) > maxHostBytes {
		return ""
	}
	if !hostPattern.MatchString(name) {
		return ""
	}
	return name
}

// splitAddress splits an address into its local part and its domain, in ASCII.
func splitAddress(address string) (local, domain string, err error) {
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Address != address { // they differ if there is a display name
		return "", "", ErrNoAddress
	}
	at := strings.LastIndexByte(address, '@')
	domain = publicHost(address[at+1:])
	if domain == "" {
		return "", "", ErrNoAddress
	}
	return address[:at], domain, nil
}
