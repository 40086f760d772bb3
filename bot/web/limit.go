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

// How often one visitor may send something. People who are signed in may look at any number of pages. For others every request
// counts, because each page that leads to signing in begins a session.
const (
	sendsPerSecond   = 2
	sendBurst        = 60
	signInsPerSecond = 1 // of people who are not signed in, and below /auth/
	signInBurst      = 60
	maxVisitors      = 10_000

	lookUpsPerSecond = 20 // of tokens, for all programs at one address
	lookUpBurst      = 600
	visitorLifetime  = 10 * time.Minute
)

// limits counts what each visitor sends. A visitor is a person, a program's token, or the address of somebody who is not signed in.
type limits struct {
	now     func() time.Time
	proxies []netip.Prefix // of our own proxies, beside private networks

	mu       sync.Mutex
	visitors map[string]*visitor
}

type visitor struct {
	limiter *rate.Limiter
	seen    time.Time // when the visitor sent something last
}

func newLimits(now func() time.Time, proxies []netip.Prefix) *limits {
	return &limits{now: now, proxies: proxies, visitors: map[string]*visitor{}}
}

// countVisit counts a request, and reports whether its visitor has sent too much and must wait.
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

// countProgram counts a request of a program, and reports whether the program has sent too much and must wait. Token
// 0 stands for a token that isn't known. It is counted by the program's address, apart from people there who sign in.
func (l *limits) countProgram(v *Visit, token int64) (mustWait bool) {
	if token == 0 {
		return l.countRequest("guess "+l.visitorAddress(v.Request), signInsPerSecond, signInBurst)
	}
	return l.countRequest("token "+strconv.FormatInt(token, 10), sendsPerSecond, sendBurst)
}

// countLookUp counts a request of a program before its token is looked up, and reports whether the program must wait.
// All programs at one address are counted together, so the limit is high: one that guesses tokens shouldn't stop the
// others.
func (l *limits) countLookUp(v *Visit) (mustWait bool) {
	return l.countRequest("look up "+l.visitorAddress(v.Request), lookUpsPerSecond, lookUpBurst)
}

// countRequest counts one request of a visitor. mustWait means that it was one too many.
func (l *limits) countRequest(key string, perSecond float64, burst int) (mustWait bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	who := l.visitors[key]
	if who == nil {
		l.makeRoom(now)
		who = &visitor{limiter: rate.NewLimiter(rate.Limit(perSecond), burst)}
		l.visitors[key] = who
	}
	who.seen = now
	return !who.limiter.AllowN(now, 1)
}

// slowDown tells a visitor to wait. Retry-After is in seconds (RFC 9110, section 10.2.3).
func slowDown(v *Visit) error {
	v.Writer.Header().Set("Retry-After", "60")
	return v.Refuse(http.StatusTooManyRequests, "Too much at once.", "Wait a minute, then send it again.")
}

// makeRoom makes room if there are many visitors. It forgets those who sent nothing for a while, or else all of them.
func (l *limits) makeRoom(now time.Time) {
	if len(l.visitors) < maxVisitors {
		return
	}
	for key, who := range l.visitors {
		if now.Sub(who.seen) > visitorLifetime {
			delete(l.visitors, key)
		}
	}
	if len(l.visitors) >= maxVisitors {
		clear(l.visitors)
	}
}

// visitorAddress returns where a request comes from. Of an IPv6 address it returns the network (/64), because one
// visitor usually has all of it.
//
// Our own proxies are on this machine, in a private network, or in a network that the operator named. Each proxy
// appends the address of whoever asked it to the header X-Forwarded-Role. What stands before that may be made up by
// the visitor. So the header is read from its end, until it names an address that is in none of the named networks.
func (l *limits) visitorAddress(r *http.Request) string {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}

	ip := from.Addr().Unmap()
	if ip.IsLoopback() || ip.IsPrivate() || l.isProxy(ip) {
		forwarded := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for _, text := range slices.Backward(forwarded) {
			visitor, ok := parseForwarded(strings.TrimSpace(text))
			if !ok {
				break
			}
			ip = visitor
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

// isProxy reports whether an address is in a network of proxies that the operator named.
func (l *limits) isProxy(ip netip.Addr) bool {
	return slices.ContainsFunc(l.proxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// parseForwarded reads an address of X-Forwarded-Role. Some proxies, such as Azure's, write the port, too.
func parseForwarded(text string) (netip.Addr, bool) {
	ip, err := netip.ParseAddr(text)
	if err != nil {
		var withPort netip.AddrPort
		withPort, err = netip.ParseAddrPort(text)
		ip = withPort.Addr()
	}
	return ip.Unmap(), err == nil
}
