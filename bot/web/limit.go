package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate limits of one visitor. For signed-in people only POST requests count. For everybody else each request counts,
// because a page that leads to the sign-in creates a session.
const (
	sendsPerSecond   = 2
	sendBurst        = 60
	signInsPerSecond = 1 // without a session, or below /auth/
	signInBurst      = 60
	lookUpsPerSecond = 20 // of API tokens, for all programs at one address
	lookUpBurst      = 600

	maxVisitors     = 10_000
	visitorLifetime = 10 * time.Minute // idle visitors are forgotten after this time, if there are maxVisitors
)

// limits limits the request rate of each visitor with a token bucket. A visitor is a signed-in person, an API token, or
// the address of anybody else. It is safe for concurrent use.
//
// Memory is bounded: at maxVisitors, idle visitors are dropped. If all are active, all buckets are reset, which lets
// through some more requests instead of refusing new visitors.
type limits struct {
	now     func() time.Time
	proxies []netip.Prefix // networks of the operator's proxies, in addition to private networks

	mu       sync.Mutex
	visitors map[string]*visitor // by kind of limit and visitor: "send ann@acme.test"
}

type visitor struct {
	limiter *rate.Limiter
	seen    time.Time // the last request
}

func newLimits(now func() time.Time, proxies []netip.Prefix) *limits {
	return &limits{now: now, proxies: proxies, visitors: map[string]*visitor{}}
}

// countVisit counts a request of a browser and reports whether it exceeds the visitor's limit.
func (l *limits) countVisit(v *Visit) (mustWait bool) {
	isSignIn := v.Person.ID == 0 || strings.HasPrefix(v.Request.URL.Path, "/auth/")
	if isSignIn {
		return l.countRequest("sign "+l.visitorAddress(v.Request), signInsPerSecond, signInBurst)
	}
	if v.Request.Method == http.MethodPost {
		return l.countRequest("send "+v.Person.Email, sendsPerSecond, sendBurst)
	}
	return false
}

// countProgram counts a request with an API token and reports whether it exceeds the token's limit. token is the id of
// the token; 0 means an unknown token, which is counted by address, so that guessing tokens is slow. People who sign in
// from that address have a limit of their own.
func (l *limits) countProgram(v *Visit, token int64) (mustWait bool) {
	if token == 0 {
		return l.countRequest("guess "+l.visitorAddress(v.Request), signInsPerSecond, signInBurst)
	}
	return l.countRequest("token "+strconv.FormatInt(token, 10), sendsPerSecond, sendBurst)
}

// countLookUp counts a request with an API token before the token is looked up, and reports whether it exceeds the
// limit of its address. The limit is high because all programs at one address share it: one that guesses tokens
// shouldn't block the others.
func (l *limits) countLookUp(v *Visit) (mustWait bool) {
	return l.countRequest("look up "+l.visitorAddress(v.Request), lookUpsPerSecond, lookUpBurst)
}

// countRequest takes a token from the bucket of key. mustWait means that the bucket is empty.
func (l *limits) countRequest(key string, perSecond float64, burst int) (mustWait bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	known := l.visitors[key]
	if known == nil {
		l.makeRoom(now)
		known = &visitor{limiter: rate.NewLimiter(rate.Limit(perSecond), burst)}
		l.visitors[key] = known
	}
	known.seen = now
	return !known.limiter.AllowN(now, 1)
}

// slowDown responds with status 429. Retry-After is in seconds (RFC 9110, section 10.2.3).
func slowDown(v *Visit) error {
	v.Writer.Header().Set("Retry-After", "60")
	return v.Refuse(http.StatusTooManyRequests, "Too much at once.", "Wait a minute, then send it again.")
}

// makeRoom makes room for a new visitor if there are maxVisitors: it drops idle ones or, if none is idle, all.
func (l *limits) makeRoom(now time.Time) {
	if len(l.visitors) < maxVisitors {
		return
	}
	for key, known := range l.visitors {
		if now.Sub(known.seen) > visitorLifetime {
			delete(l.visitors, key)
		}
	}
	if len(l.visitors) >= maxVisitors {
		clear(l.visitors)
	}
}

// visitorAddress returns the IP address of the client. For IPv6 it returns the /64 network, because one client usually
// has all of it.
//
// Trusted proxies are on this machine, in a private network, or in a network that the operator configured. Each proxy
// appends the address of its client to the X-Forwarded-For header. Earlier entries may be forged by the client. So the
// header is read from its end, up to the first address that is in none of the configured networks:
//
//	X-Forwarded-For: 1.2.3.4, 203.0.113.9, 198.51.100.7    the client if 198.51.100.0/24 is configured: 203.0.113.9
func (l *limits) visitorAddress(r *http.Request) string {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}

	ip := from.Addr().Unmap()
	if ip.IsLoopback() || ip.IsPrivate() || l.isProxy(ip) {
		forwarded := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for _, text := range slices.Backward(forwarded) {
			client, ok := parseForwarded(strings.TrimSpace(text))
			if !ok {
				break
			}
			ip = client
			if !l.isProxy(ip) {
				break
			}
		}
	}

	if ip.Is6() {
		if network, err := ip.WithZone("").Prefix(64); err == nil {
			return network.String()
		}
	}
	return ip.String()
}

// isProxy reports whether an address is in a configured network of proxies.
func (l *limits) isProxy(ip netip.Addr) bool {
	return slices.ContainsFunc(l.proxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// parseForwarded parses an entry of X-Forwarded-For. Some proxies, such as Azure's, append the port.
func parseForwarded(text string) (netip.Addr, bool) {
	ip, err := netip.ParseAddr(text)
	if err != nil {
		var withPort netip.AddrPort
		withPort, err = netip.ParseAddrPort(text)
		ip = withPort.Addr()
	}
	return ip.Unmap(), err == nil
}
