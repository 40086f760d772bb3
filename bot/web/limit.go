package web

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How often one visitor may send something. For people who are signed in, pages that they only look at are not limited. For
// others everything is, because each page that leads to signing in begins a session.
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

// limits counts what each visitor sends. A visitor is a person, a program's token, or an address from which nobody has signed
// in.
type limits struct {
	now func() time.Time

	mu       sync.Mutex
	visitors map[string]*visitor
}

type visitor struct {
	limiter *rate.Limiter
	seen    time.Time // when the visitor sent something last
}

func newLimits(now func() time.Time) *limits {
	return &limits{now: now, visitors: map[string]*visitor{}}
}

// mustWait counts a request, and reports whether its visitor has sent too much and must wait.
func (l *limits) mustWait(v *Visit) bool {
	isSignIn := v.Person.ID == 0 || strings.HasPrefix(v.Request.URL.Path, "/auth/")
	if isSignIn {
		return l.countRequest("sign "+visitorAddress(v.Request), signInsPerSecond, signInBurst)
	}
	if v.Request.Method == http.MethodPost {
		return l.countRequest("send "+v.Person.Email, sendsPerSecond, sendBurst)
	}
	return false
}

// mustProgramWait does the same for a program that shows a token. Programs whose token is not known (0) are counted by the
// address that they come from.
func (l *limits) mustProgramWait(v *Visit, token int64) bool {
	if token == 0 {
		return l.countRequest("sign "+visitorAddress(v.Request), signInsPerSecond, signInBurst)
	}
	return l.countRequest("token "+strconv.FormatInt(token, 10), sendsPerSecond, sendBurst)
}

// mustLookUpWait reports whether a program must wait before its token is looked up. This limit counts before anybody knows
// whose the token is. It is high enough that one program that tries tokens doesn't stop others at the same address.
func (l *limits) mustLookUpWait(v *Visit) bool {
	return l.countRequest("look up "+visitorAddress(v.Request), lookUpsPerSecond, lookUpBurst)
}

// countRequest counts one request of a visitor, and reports whether that was one too many.
func (l *limits) countRequest(key string, perSecond float64, burst int) bool {
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

// visitorAddress returns where a request comes from; for an IPv6 address its network, because one visitor has all of that. A
// proxy of ours, on this machine or in a private network, tells who asked it: at the end of the header X-Forwarded-For,
// after whatever the visitor wrote there. So one visitor can't keep others from signing in.
func visitorAddress(r *http.Request) string {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}

	ip := from.Addr().Unmap()
	if ip.IsLoopback() || ip.IsPrivate() {
		forwarded := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		last := strings.TrimSpace(forwarded[len(forwarded)-1])
		if visitor, err := netip.ParseAddr(last); err == nil {
			ip = visitor.Unmap()
		}
	}

	if ip.Is6() {
		if network, err := ip.WithZone("").Prefix(64); err == nil {
			return network.String()
		}
	}

	return ip.String()
}
