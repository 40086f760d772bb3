package torture

import (
	"context"
	"errors"
	"net"
	"net/url"
	"slices"
	"sync"
	"time"

	"parley/store/pgserver"
)

// network has the proxies through which a test run carries Parley's connections to the database, the agents' chat and
// the mail server, and those of providers to Parley's webhooks. In the proxies, faults cut or delay connections, or
// wait for certain bytes. A route is the kind of a connection, such as "smtp". A replica is one of the Parley processes,
// which share the database.
//
// PostgreSQL and Slack have a proxy for each replica. The mail server and Teams have one for all replicas, because the
// replicas learn these addresses from the shared database and from Teams.
type network struct {
	triggers         triggers
	postgres         []*proxy
	slack            []*proxy
	teams            *proxy // nil means agents work in Slack
	imap             *proxy
	smtp             *proxy
	balancer         *proxy // accepts the requests of Slack or Teams; nil in Socket Mode
	customerWebhooks *proxy // accepts the webhooks of customers' chat providers; nil without chats
	replicas         []*replica

	mu            sync.Mutex
	counts        map[string]int // by description: how often something happened to connections
	openOutages   int            // faults that currently make the database unreachable
	lastOutageEnd time.Time      // when the latest of these faults ended
}

// openNetwork opens the proxies for Parley's outgoing connections. Those for incoming ones (balancer, customerWebhooks)
// are opened later, when Parley's own addresses are known. vars has the emulators' addresses.
func openNetwork(ctx context.Context, replicas int, vars map[string]string, databaseURL string) (*network, error) {
	n := &network{counts: map[string]int{}}
	slack, slackErr := url.Parse(vars["SLACK_API_URL"])
	teams, teamsErr := url.Parse(vars["FAKE_TEAMS_CONTROL"])
	database, databaseErr := url.Parse(databaseURL)
	if err := errors.Join(slackErr, teamsErr, databaseErr); err != nil {
		return nil, err
	}

	var firstErr error
	// open opens one proxy, or none after the first error.
	open := func(route string, owner *replica, dial func(context.Context) (net.Conn, error)) *proxy {
		if firstErr != nil {
			return nil
		}
		p, err := openProxy(ctx, &proxy{route: route, owner: owner, dial: dial, triggers: &n.triggers})
		firstErr = err
		return p
	}

	socket := database.Query().Get("host") + "/.s.PGSQL." + database.Query().Get("port")
	for i := range replicas {
		r := &replica{index: i, databaseWasDown: n.wasDatabaseDown}
		n.replicas = append(n.replicas, r)
		n.postgres = append(n.postgres, open(routePostgres, r, newDialer("unix", socket)))
		if slack.Host != "" {
			n.slack = append(n.slack, open(routeSlackAPI, r, newDialer("tcp", slack.Host)))
		}
	}
	if teams.Host != "" {
		n.teams = open(routeTeams, nil, newDialer("tcp", teams.Host))
	}
	n.imap = open(routeIMAP, nil, newDialer("tcp", vars["FAKE_IMAP_ADDR"]))
	n.smtp = open(routeSMTP, nil, newDialer("tcp", vars["FAKE_SMTP_ADDR"]))
	if firstErr != nil {
		n.close()
		return nil, firstErr
	}
	return n, nil
}

func (n *network) close() {
	for _, p := range slices.Concat([]*proxy{n.teams, n.imap, n.smtp, n.balancer, n.customerWebhooks}, n.postgres, n.slack) {
		if p != nil {
			p.close()
		}
	}
}

// databaseURL returns the URL by which replica i connects to PostgreSQL.
func (n *network) databaseURL(i int) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User(pgserver.Superuser),
		Host:     n.postgres[i].address(),
		Path:     "/" + pgserver.Database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// slackURL returns the base URL of Slack's API for replica i.
func (n *network) slackURL(i int) string { return "http://" + n.slack[i].address() + "/api/" }

// proxyFor returns the proxy of a route, and the route. If Slack sends requests instead of using sockets, it replaces the
// socket route by the balancer's, where these requests arrive.
func (n *network) proxyFor(route string, replica int) (*proxy, string) {
	p := n.findProxy(route, replica)
	if p == n.balancer {
		route = p.route
	}
	return p, route
}

func (n *network) findProxy(route string, replica int) *proxy {
	switch route {
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

	return n.slack[replica] // routeSlackAPI, and routeSlackSocket in Socket Mode: the same address
}

// ownersOf returns the replica that opened a connection, or all replicas if it can't be determined.
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

// killOwners kills the process that opened a connection (see ownersOf). It returns false if no process was running.
func (n *network) killOwners(l *link) bool {
	hasKilled := false
	for _, r := range n.ownersOf(l) {
		hasKilled = r.kill() || hasKilled
	}
	return hasKilled
}

// addCount adds times to the counter with this description, such as "reset smtp".
func (n *network) addCount(what string, times int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.counts[what] += times
}

// addCountsTo adds all counters to the counts of provider faults.
func (n *network) addCountsTo(faults map[string]int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for what, times := range n.counts {
		faults[what] += times
	}
}

// beginOutage records that a fault makes the database unreachable until end is called.
func (n *network) beginOutage() (end func()) {
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

// wasDatabaseDown reports whether a fault has made the database unreachable at any time since the given one.
func (n *network) wasDatabaseDown(since time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.openOutages > 0 || n.lastOutageEnd.After(since)
}
