package company

import (
	"context"
	"strings"

	"parley/cmd/parley/demo/proxy"
)

// With Options.Proxies each connection between Parley and an emulator passes a proxy (package proxy). On the demo's page the
// visitor cuts Parley's line to Slack, Teams or the mail server, which cuts the proxies of that line.

// The lines that can be cut, by the names that the page gives them.
const (
	LineSlack = "slack"
	LineTeams = "teams"
	LineMail  = "mail"
)

// proxies are those of all lines.
type proxies struct {
	slack      *proxy.Proxy
	imap, smtp *proxy.Proxy
	teams      *proxy.Proxy // for what Parley asks of Teams; nil without Teams
	webhooks   *proxy.Proxy // for what Teams tells Parley; nil without Teams

	started []*proxy.Proxy // all of them
}

// Proxies returns the proxies of a line; none means that there is nothing to cut.
func (c *Company) Proxies(line string) []*proxy.Proxy {
	p := c.proxies
	switch {
	case p == nil:
		return nil
	case line == LineSlack:
		return []*proxy.Proxy{p.slack}
	case line == LineMail:
		return []*proxy.Proxy{p.imap, p.smtp}
	case line == LineTeams && c.Teams != nil:
		return []*proxy.Proxy{p.teams, p.webhooks}
	}
	return nil
}

// startProxies starts a proxy before each emulator, at the address that Parley uses, and one from Teams to Parley. If one can't
// be started, Close closes those before it.
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

// start starts a proxy that listens at addr and leads to target.
func (p *proxies) start(ctx context.Context, addr, target string) (*proxy.Proxy, error) {
	started, err := proxy.New(ctx, addr, target)
	if err != nil {
		return nil, err
	}
	p.started = append(p.started, started)
	return started, nil
}

// close closes all proxies that were started.
func (p *proxies) close() {
	for _, started := range p.started {
		started.Close()
	}
}

// addressOf returns the host:port of a URL such as http://127.0.0.1:8080.
func addressOf(url string) string { return strings.TrimPrefix(url, "http://") }
