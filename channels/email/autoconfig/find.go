package autoconfig

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
	"parley/channels/email/settings"
	"parley/channels/fence"
)

// Find spares people the form with IMAP and SMTP servers: from an address such as ann@acme.test, it finds the servers
// of the mailbox. It asks, in this order, our list of known providers, who takes mail for the domain (MX), the
// configuration file that the domain publishes for mail programs, and the DNS (SRV).

// Limits of one search.
const (
	searchTimeout = 12 * time.Second
	answerTimeout = 5 * time.Second
	maxFile       = 64 << 10 // bytes of a published file
	maxRedirects  = 3
)

// ErrNoAddress means that a text isn't an e-mail address with a domain of the internet.
var ErrNoAddress = errors.New("autoconfig: not an e-mail address")

// Found says how to reach a mailbox. Find hasn't tried to sign in there.
type Found struct {
	From       string          // where it was found, for people: "published by acme.test"; "" means nothing was found
	OAuth      string          // the provider at which a person can sign in instead (settings.OAuthGoogle …), or ""
	IMAP, SMTP settings.Server // without passwords; the hosts are empty if OAuth's provider has servers of its own
	Hint       string          // what people should know, such as that an app password is needed; "" means nothing
}

// Resolver asks the DNS. *net.Resolver is one.
type Resolver interface {
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
}

// Finder searches for the servers of mailboxes. It is safe for concurrent use.
type Finder struct {
	client   *http.Client
	resolver Resolver
}

// New returns a finder. dialer opens all connections. It must refuse addresses that are not on the internet,
// because somebody who types an address decides which hosts are asked.
func New(dialer channels.Dialer, resolver Resolver) *Finder {
	return &Finder{
		client:   fence.NewClient(fence.Options{Dialer: dialer, Answer: answerTimeout, Follow: followSecurely}),
		resolver: resolver,
	}
}

// followSecurely allows a few redirects to https addresses.
func followSecurely(r *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects || r.URL.Scheme != "https" {
		return http.ErrUseLastResponse
	}
	return nil
}

// Find searches for the servers of an address, for at most searchTimeout. It skips sources that can't be reached. If
// it finds nothing, it returns a Found without From.
// Errors: ErrNoAddress.
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
	defer cancel()
	// All run at once, and the first in this order that finds something counts. MX comes before the file, because
	// many hosters publish a file for each of their domains, even for those whose mail is elsewhere.
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

// maxHostBytes is how long a host name may be (RFC 1035 section 2.3.4).
const maxHostBytes = 253

// hostPattern matches a host name with at least one dot, in lower case.
var hostPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$`)

// publicHost returns a host name of the internet in the form in which it is looked up. It returns "" for IP
// addresses and names without a dot, which belong to somebody's own network, and for text that isn't a name.
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

// splitAddress splits an address into its local part and its domain.
func splitAddress(address string) (local, domain string, err error) {
	a, err := mail.ParseAddress(address)
	if err != nil || a.Address != address { // with a name, they differ
		return "", "", ErrNoAddress
	}
	at := strings.LastIndexByte(address, '@')
	domain = publicHost(address[at+1:])
	if domain == "" {
		return "", "", ErrNoAddress
	}
	return address[:at], domain, nil
}
