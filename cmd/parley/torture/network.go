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

// The tested Parleys reach the database, the agents' chat and the mail server by proxies in this process, and
// providers reach the Parleys so, too. There faults cut or delay connections, or wait for certain bytes. A route says
// what a connection is for, such as SMTP or Slack's API. A replica is one of the Parley processes, which share the
// database.

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
	counts        map[string]int // of what happened to connections, by words that say what
	openOutages   int            // faults that keep Parley from the database now
	lastOutageEnd time.Time      // when the last such fault ended
}

// openNetwork opens the proxies through which Parley calls others; those through which others call Parley (balancer,
// customerWebhooks) are opened when its own addresses are known. vars are the emulators' addresses.
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

// databaseURL is where replica i finds PostgreSQL.
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

// slackURL is where replica i finds Slack.
func (n *network) slackURL(i int) string { return "http://" + n.slack[i].address() + "/api/" }

// proxyFor returns the proxy of a route, and the route itself. Where Slack sends requests instead of opening sockets,
// the socket's route is that of the balancer, at which these requests come.
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

// ownersOf returns the replica that has a connection, or all replicas if this machine doesn't tell which.
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

// killOwners kills the process that has a connection (see ownersOf), and reports whether one ran.
func (n *network) killOwners(l *link) bool {
	hasKilled := false
	for _, r := range n.ownersOf(l) {
		hasKilled = r.kill() || hasKilled
	}
	return hasKilled
}

// addCount adds to the count of what happened to connections.
func (n *network) addCount(what string, times int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.counts[what] += times
}

// addCountsTo adds all that addCount counted to the counts of provider faults.
func (n *network) addCountsTo(faults map[string]int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for what, times := range n.counts {
		faults[what] += times
	}
}

// beginOutage notes that a fault keeps Parley from the database until end is called.
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

// wasDatabaseDown reports whether a fault keeps Parley from the database, or did so at some time since a moment.
func (n *network) wasDatabaseDown(since time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.openOutages > 0 || n.lastOutageEnd.After(since)
}
