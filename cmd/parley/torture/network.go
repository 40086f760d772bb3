package torture

import (
	"context"
	"net"
	"net/url"
	"sync"
	"time"

	"parley/store/pgserver"
)

// network is every connection between Parley and what it speaks to. PostgreSQL and Slack have
// a proxy for each replica. The mail server and Teams have one for all: the address of the mail
// server stands in the database, and that of Teams in what Teams tells Parley.
type network struct {
	triggers         triggers
	postgres         []*proxy
	slack            []*proxy
	teams            *proxy // nil means agents work in Slack
	imap             *proxy
	smtp             *proxy
	balancer         *proxy // where Slack or Teams finds Parley; nil in Socket Mode
	customerWebhooks *proxy // where chat providers find Parley; nil without chats
	replicas         []*replica

	mu            sync.Mutex
	counts        map[string]int
	openOutages   int       // blows to the database that are not over
	lastOutageEnd time.Time // when the last one ended
}

// openNetwork opens all proxies. vars are the emulators' addresses, databaseURL is
// PostgreSQL's.
func openNetwork(ctx context.Context, replicas int, vars map[string]string, baseURL string) (*network, error) {
	n := &network{counts: map[string]int{}}
	slack, err := url.Parse(vars["SLACK_API_URL"])
	if err != nil {
		return nil, err
	}

	teams, err := url.Parse(vars["FAKE_TEAMS_CONTROL"])
	if err != nil {
		return nil, err
	}

	base, err := url.Parse(baseURL)
	if err != nil {
		return nil, err
	}

	socket := base.Query().Get("host") + "/.s.PGSQL." + base.Query().Get("port")
	open := func(way string, dial func(context.Context) (net.Conn, error)) *proxy {
		if err != nil {
			return nil
		}

		var p *proxy
		p, err = openProxy(ctx, &proxy{route: way, dial: dial, triggers: &n.triggers})
		return p
	}
	for i := range replicas {
		n.replicas = append(n.replicas, &replica{index: i, databaseWasDown: n.wasDatabaseDown})
		n.postgres = append(n.postgres, open(routePostgres, newDialer("unix", socket)))
		if slack.Host != "" {
			n.slack = append(n.slack, open(routeSlackAPI, newDialer("tcp", slack.Host)))
		}
	}

	if teams.Host != "" {
		n.teams = open(routeTeams, newDialer("tcp", teams.Host))
	}

	n.imap = open(routeIMAP, newDialer("tcp", vars["FAKE_IMAP_ADDR"]))
	n.smtp = open(routeSMTP, newDialer("tcp", vars["FAKE_SMTP_ADDR"]))
	if err != nil {
		n.close()
		return nil, err
	}

	for i, r := range n.replicas {
		n.postgres[i].owner = r
		if len(n.slack) > 0 {
			n.slack[i].owner = r
		}
	}

	return n, nil
}

func (n *network) close() {
	for _, p := range append(append([]*proxy{n.teams, n.imap, n.smtp, n.balancer, n.customerWebhooks}, n.postgres...), n.slack...) {
		if p != nil {
			p.close()
		}
	}
}

// databaseURL is where replica i finds PostgreSQL.
func (n *network) databaseURL(i int) string {
	u := url.URL{Scheme: "postgres", User: url.User(pgserver.Superuser), Host: n.postgres[i].address(), Path: "/" + pgserver.Database, RawQuery: "sslmode=disable"}
	return u.String()
}

// slackURL is where replica i finds Slack.
func (n *network) slackURL(i int) string { return "http://" + n.slack[i].address() + "/api/" }

// proxyFor returns the proxy of a way. Where Slack sends requests, those take the place of Socket
// Mode's connections.
func (n *network) proxyFor(way string, replica int) (*proxy, string) {
	p := n.findProxy(way, replica)
	if p == n.balancer {
		way = p.route
	}
	return p, way
}

func (n *network) findProxy(way string, replica int) *proxy {
	switch way {
	case routeSlackSocket:
		if n.balancer != nil {
			return n.balancer
		}
	case routePostgres:
		return n.postgres[replica]
	case routeIMAP:
		return n.imap
	case routeSMTP:
		return n.smtp
	case routeTeams:
		return n.teams
	case routeTeamsWebhooks:
		return n.balancer
	}

	return n.slack[replica]
}

// ownersOf returns the Parley that has a connection, or all of them if this machine doesn't tell which.
func (n *network) ownersOf(l *link) []*replica {
	if l.proxy.owner != nil {
		return []*replica{l.proxy.owner}
	}
	for _, r := range n.replicas {
		if isOwnerOf(r.currentPID(), l.client.RemoteAddr()) {
			return []*replica{r}
		}
	}
	return n.replicas
}

// addCount adds to the number of times that something of this name was struck or seen.
func (n *network) addCount(what string, struck int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.counts[what] += struck
}

// addCountsTo adds what count counted.
func (n *network) addCountsTo(faults map[string]int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for what, struck := range n.counts {
		faults[what] += struck
	}
}

// beginOutage notes that a blow keeps Parley from the database until over is called.
func (n *network) beginOutage() (over func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.openOutages++
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.openOutages--
		n.lastOutageEnd = time.Now()
	}
}

// wasDatabaseDown reports whether a blow keeps Parley from the database, or did so since then.
func (n *network) wasDatabaseDown(since time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.openOutages > 0 || n.lastOutageEnd.After(since)
}
