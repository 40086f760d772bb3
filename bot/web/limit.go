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

// How often one visitor may send something. Pages that are only looked at are not limited for who is signed in. For a
// stranger everything is: each page that leads to signing in begins a session.
const (
	sendsASecond = 2
	sendsAtOnce  = 60
	signsASecond = 1 // of strangers, and below /auth/
	signsAtOnce  = 60
	mostVisitors = 10_000

	lookUpsASecond = 20 // of tokens, for all programs at one address
	lookUpsAtOnce  = 600
	forgetVisitor  = 10 * time.Minute
)

// limits counts what each visitor sends: a person, or an address from which nobody has signed in.
type limits struct {
	now func() time.Time

	mu       sync.Mutex
	visitors map[string]*visitor
}

type visitor struct {
	limiter *rate.Limiter
	seen    time.Time
}

func newLimits(now func() time.Time) *limits {
	return &limits{now: now, visitors: map[string]*visitor{}}
}

// wait says that a visitor must wait.
func (l *limits) wait(v *Visit) bool {
	signing := v.Person.ID == 0 || strings.HasPrefix(v.Request.URL.Path, "/auth/")
	if v.Request.Method != http.MethodPost && !signing {
		return false
	}
	key, perSecond, burst := "send "+v.Person.Email, sendsASecond*1.0, sendsAtOnce
	if signing {
		key, perSecond, burst = "sign "+address(v.Request), signsASecond*1.0, signsAtOnce
	}
	return l.spend(key, perSecond, burst)
}

// waitFor says that a program must wait that shows a token. Those whose token is not known (0) are
// counted by where they come from.
func (l *limits) waitFor(v *Visit, token int64) bool {
	if token == 0 {
		return l.spend("sign "+address(v.Request), signsASecond, signsAtOnce)
	}
	return l.spend("token "+strconv.FormatInt(token, 10), sendsASecond, sendsAtOnce)
}

// waitToLookUp says that programs at the address of a request must wait before a token of theirs is looked up: it is
// asked before anybody knows whose the token is, and leaves room for the neighbours of one who tries tokens.
func (l *limits) waitToLookUp(v *Visit) bool {
	return l.spend("look up "+address(v.Request), lookUpsASecond, lookUpsAtOnce)
}

// spend counts one request of a visitor, and says whether it was one too many.
func (l *limits) spend(key string, perSecond float64, burst int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	who := l.visitors[key]
	if who == nil {
		l.forget(now)
		who = &visitor{limiter: rate.NewLimiter(rate.Limit(perSecond), burst)}
		l.visitors[key] = who
	}
	who.seen = now
	return !who.limiter.AllowN(now, 1)
}

// slowDown tells a visitor who has to wait. Retry-After is in seconds (RFC 9110, section 10.2.3).
func slowDown(v *Visit) error {
	v.Writer.Header().Set("Retry-After", "60")
	return v.Refuse(http.StatusTooManyRequests, "Too much at once.", "Wait a minute, then send it again.")
}

// forget makes room: visitors who sent nothing for a while, or all of them when there are too many.
func (l *limits) forget(now time.Time) {
	if len(l.visitors) < mostVisitors {
		return
	}
	for key, who := range l.visitors {
		if now.Sub(who.seen) > forgetVisitor {
			delete(l.visitors, key)
		}
	}
	if len(l.visitors) >= mostVisitors {
		clear(l.visitors)
	}
}

// address is where a request comes from; of an IPv6 address its network, which one visitor has to himself. If it comes
// from a proxy of ours, that is, from this machine or a private network, the proxy says who asked it: it adds that at
// the end of the header, behind whatever a visitor wrote there. So one visitor keeps no other from signing in.
func address(r *http.Request) string {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	ip := from.Addr().Unmap()
	if ip.IsLoopback() || ip.IsPrivate() {
		all := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		if asked, err := netip.ParseAddr(strings.TrimSpace(all[len(all)-1])); err == nil {
			ip = asked.Unmap()
		}
	}
	if ip.Is6() {
		if network, err := ip.WithZone("").Prefix(64); err == nil {
			return network.String()
		}
	}
	return ip.String()
}
