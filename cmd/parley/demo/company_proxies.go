package demo

import (
	"context"
	"strings"
)

// With Options.Proxies, Parley reaches the emulators of Slack, Teams and the mail server through TCP proxies (package
// proxy). A line is Parley's connection to one of these three services. On the demo's page the visitor can cut a line to
// see how Parley copes; this cuts the line's proxies. The mail line, for example, has a proxy for IMAP and one for SMTP.

// Names of the lines, as the demo's page sends them.
const (
	LineSlack = "slack"
	LineTeams = "teams"
	LineMail  = "mail"
)

// proxies holds the proxies of all lines.
type proxies struct {
	slack      *Proxy
	imap, smtp *Proxy
	teams      *Proxy // for requests from Parley to Teams; nil without Teams
	webhooks   *Proxy // for webhooks from Teams to Parley; nil without Teams

	started []*Proxy // those that were started, for close
}

// Proxies returns the proxies of a line. It returns nil if the line doesn't exist or has no proxies.
func (c *Company) Proxies(line string) []*Proxy {
	p := c.proxies
	switch {
	case p == nil:
		return nil
	case line == LineSlack:
		return []*Proxy{p.slack}
	case line == LineMail:
		return []*Proxy{p.imap, p.smtp}
	case line == LineTeams && c.Teams != nil:
		return []*Proxy{p.teams, p.webhooks}
	}
	return nil
}

// startProxies starts a proxy in front of each emulator, at the address that Parley uses, and one for the webhooks from
// Teams to Parley. If one fails to start, the caller must call Close, which closes the proxies already started.
func (c *Company) startProxies(ctx context.Context) (err error) {
	p := &proxies{}
	c.proxies = p
	if p.slack, err = p.start(ctx, c.o.SlackAddr, addressOf(c.Slack.URL())); err != nil {
		return err
	}
	if p.imap, err = p.start(ctx, c.o.IMAPAddr, c.Mail.IMAPAddr()); err != nil {
		return err
	}
	if p.smtp, err = p.start(ctx, c.o.SMTPAddr, c.Mail.SMTPAddr()); err != nil {
		return err
	}
	if c.Teams == nil {
		return nil
	}

	if p.teams, err = p.start(ctx, c.o.TeamsAddr, addressOf(c.Teams.URL())); err != nil {
		return err
	}
	c.Teams.SetURL("http://" + p.teams.Addr)
	p.webhooks, err = p.start(ctx, "", addressOf(c.o.PublicURL))
	return err
}

// start starts a proxy that listens at addr and forwards connections to target.
func (p *proxies) start(ctx context.Context, addr, target string) (*Proxy, error) {
	started, err := NewProxy(ctx, addr, target)
	if err != nil {
		return nil, err
	}
	p.started = append(p.started, started)
	return started, nil
}

func (p *proxies) close() {
	for _, started := range p.started {
		started.Close()
	}
}

// addressOf returns the host:port of a URL such as http://127.0.0.1:8080.
func addressOf(url string) string { return strings.TrimPrefix(url, "http://") }
