package mailbox

import (
	"context"
	"slices"
	"strings"

	"parley/channels/email/message"
)

// provider is a well-known mail provider. A mailbox belongs to it if the domain of the address is one of domains, or
// if an MX record of that domain ends in one of mxSuffixes: ann@acme.test is a Google mailbox if acme.test has the MX
// record "aspmx.l.google.com".
type provider struct {
	title      string
	domains    []string // of the provider's own addresses
	mxSuffixes []string // of its MX hosts, for mailboxes at customers' own domains
	oauth      string   // settings.OAuthGoogle …; "" if people sign in with a password
	imap, smtp string   // host:port; see securityOf
	hint       string   // shown to people; may be empty
}

const appPassword = "With two-step sign-in it takes an app password only, which you make in the settings of the account there."

// listProviders returns the most popular providers.
// Source: the providers' own help pages on IMAP and SMTP, read November 2026.
func listProviders() []provider {
	return slices.Concat(largeProviders(), germanProviders(), otherProviders())
}

// largeProviders returns the providers with customers all over the world.
func largeProviders() []provider {
	return []provider{
		{
			title:      "Gmail",
			domains:    []string{"gmail.com", "googlemail.com"},
			mxSuffixes: []string{".google.com", ".googlemail.com"},
			oauth:      message.OAuthGoogle,
			imap:       "imap.gmail.com:993",
			smtp:       "smtp.gmail.com:587",
			hint:       "Sign in with Google, or make an app password: Google takes no other.",
		},
		{
			title: "Microsoft 365",
			domains: []string{"outlook.com", "hotmail.com", "live.com", "msn.com", "outlook.de", "hotmail.de", "hotmail.co.uk",
				"hotmail.fr"},
			mxSuffixes: []string{".mail.protection.outlook.com", ".mx.microsoft", ".olc.protection.outlook.com"},
			oauth:      message.OAuthMicrosoft,
			imap:       "outlook.office365.com:993",
			smtp:       "smtp.office365.com:587",
			hint:       "Sign in with Microsoft: it takes no passwords.",
		},
		{
			title:   "Yahoo",
			domains: []string{"yahoo.com", "yahoo.de", "yahoo.co.uk", "yahoo.fr", "ymail.com", "rocketmail.com"},
			imap:    "imap.mail.yahoo.com:993",
			smtp:    "smtp.mail.yahoo.com:465",
			hint:    "Yahoo takes an app password only.",
		},
		{
			title:   "AOL",
			domains: []string{"aol.com"},
			imap:    "imap.aol.com:993",
			smtp:    "smtp.aol.com:465",
			hint:    "AOL takes an app password only.",
		},
		{
			title:      "iCloud",
			domains:    []string{"icloud.com", "me.com", "mac.com"},
			mxSuffixes: []string{".mail.icloud.com"},
			imap:       "imap.mail.me.com:993",
			smtp:       "smtp.mail.me.com:587",
			hint:       "Apple takes an app-specific password only.",
		},
	}
}

// germanProviders returns the providers whose customers are mostly in Germany.
func germanProviders() []provider {
	return []provider{
		{
			title:   "GMX",
			domains: []string{"gmx.de", "gmx.net", "gmx.at", "gmx.ch"},
			imap:    "imap.gmx.net:993",
			smtp:    "mail.gmx.net:465",
			hint:    "Switch on POP3 and IMAP in the settings of the mailbox first.",
		},
		{
			title:   "GMX",
			domains: []string{"gmx.com"},
			imap:    "imap.gmx.com:993",
			smtp:    "mail.gmx.com:465",
			hint:    "Switch on POP3 and IMAP in the settings of the mailbox first.",
		},
		{
			title:   "WEB.DE",
			domains: []string{"web.de"},
			imap:    "imap.web.de:993",
			smtp:    "smtp.web.de:465",
			hint:    "Switch on POP3 and IMAP in the settings of the mailbox first.",
		},
		{
			title:      "IONOS",
			mxSuffixes: []string{".ionos.de", ".kundenserver.de"},
			imap:       "imap.ionos.de:993",
			smtp:       "smtp.ionos.de:465",
		},
		{
			title:   "T-Online",
			domains: []string{"t-online.de", "magenta.de"},
			imap:    "secureimap.t-online.de:993",
			smtp:    "securesmtp.t-online.de:465",
			hint:    "It takes the password for e-mail programs, which you set in the customer centre.",
		},
		{
			title:      "mailbox.org",
			domains:    []string{"mailbox.org"},
			mxSuffixes: []string{".mailbox.org"},
			imap:       "imap.mailbox.org:993",
			smtp:       "smtp.mailbox.org:465",
		},
		{
			title:   "Posteo",
			domains: []string{"posteo.de", "posteo.net"},
			imap:    "posteo.de:993",
			smtp:    "posteo.de:465",
		},
	}
}

func otherProviders() []provider {
	return []provider{
		{
			title:      "Fastmail",
			domains:    []string{"fastmail.com", "fastmail.fm"},
			mxSuffixes: []string{".messagingengine.com"},
			imap:       "imap.fastmail.com:993",
			smtp:       "smtp.fastmail.com:465",
			hint:       "Fastmail takes an app password only.",
		},
		{
			title:   "Zoho",
			domains: []string{"zoho.com", "zohomail.com"},
			imap:    "imap.zoho.com:993",
			smtp:    "smtp.zoho.com:465",
			hint:    appPassword,
		},
		{
			title:      "Yandex",
			domains:    []string{"yandex.com", "yandex.ru"},
			mxSuffixes: []string{".yandex.net"},
			imap:       "imap.yandex.com:993",
			smtp:       "smtp.yandex.com:465",
			hint:       "It takes an app password only.",
		},
	}
}

// byDomain returns the provider that owns a domain.
func byDomain(domain string) (provider, bool) {
	for _, p := range listProviders() {
		if slices.Contains(p.domains, domain) {
			return p, true
		}
	}
	return provider{}, false
}

// byMX returns the servers of the known provider to which the MX records of a domain point.
func (f *Finder) byMX(ctx context.Context, address, domain string) Found {
	records, _ := f.resolver.LookupMX(ctx, domain) // on an error, records has those that could be read
	for _, mx := range records {
		host := "." + publicHost(mx.Host)
		for _, p := range listProviders() {
			if slices.ContainsFunc(p.mxSuffixes, func(suffix string) bool { return strings.HasSuffix(host, suffix) }) {
				return p.toFound(address, "takes mail for "+domain)
			}
		}
	}
	return Found{}
}

// toFound returns the servers of a mailbox at this provider. why is shown to people, after the provider's title.
func (p provider) toFound(address, why string) Found {
	return Found{
		From:  p.title + " (" + why + ")",
		OAuth: p.oauth,
		IMAP:  parseServer(p.imap, address),
		SMTP:  parseServer(p.smtp, address),
		Hint:  p.hint,
	}
}

// parseServer parses "host:port".
func parseServer(hostPort, user string) message.Server {
	host, port, _ := strings.Cut(hostPort, ":")
	return message.Server{Host: host, Port: port, Security: securityOf(port), Username: user}
}

// securityOf returns how connections to one of the standard ports are encrypted.
func securityOf(port string) string {
	if port == "993" || port == "465" {
		return message.TLS
	}
	return message.STARTTLS
}
