package app

import (
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"parley/bot/web"
	"parley/bridge/analysis"
	"parley/channels"
	"parley/cmd/parley/metrics"
	"parley/store"
	"parley/store/outage"
	"parley/store/schema"
)

// buildRoutes returns the handler of all requests to this process.
func (a *App) buildRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", serveHealth)
	mux.HandleFunc("GET /readyz", a.serveReady)
	mux.Handle("GET /metrics", a.guardMetrics(a.newMetricsHandler()))
	mux.HandleFunc("GET /files/{signed}", a.links.serve)
	mux.HandleFunc("/hooks/{account}", a.serveHook)
	for _, path := range web.Paths() {
		mux.Handle(path, a.site)
	}
	mux.Handle("/", a.chats)
	return mux
}

// readyTimeout is how long the database may take to answer before the process counts as not ready.
const readyTimeout = 2 * time.Second

// serveReady answers whether requests can be handled: database, migrations, surfaces. With ?without=surfaces it leaves out the
// surfaces. That is for load balancers: if they stopped using all replicas because Slack doesn't answer, webhooks and the
// inbox page would not work either. What comes through a proxy is answered with the status alone, since it may be a stranger's.
func (a *App) serveReady(w http.ResponseWriter, r *http.Request) {
	if isForwarded(r) {
		w = statusOnly{w}
	}
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	problem := a.whyNotReady(ctx)
	switch {
	case problem != "":
		http.Error(w, problem, http.StatusServiceUnavailable)
	case r.URL.Query().Get("without") == "surfaces":
		_, _ = io.WriteString(w, "ready\n"+degradedText(a.opt.Analyzer))
	default:
		a.serveSurfacesReady(ctx, w)
	}
}

// statusOnly leaves the body out of an answer.
type statusOnly struct{ http.ResponseWriter }

func (statusOnly) Write(body []byte) (int, error) { return len(body), nil }

// whyNotReady returns why no requests can be handled, surfaces aside; "" if they can.
func (a *App) whyNotReady(ctx context.Context) string {
	migrated, err := schema.IsMigrated(ctx, a.db.Pool)
	if err == nil {
		err = schema.CheckServer(ctx, a.db.Pool)
	}
	switch {
	case errors.Is(err, schema.ErrReadOnly):
		return "database: takes no changes"
	case err != nil:
		return "database: not reachable"
	case !migrated:
		return "database: not migrated"
	case !a.ready.Load():
		return "starting"
	}
	return ""
}

// isReady reports for /metrics whether requests can be handled, surfaces aside.
func (a *App) isReady() bool {
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	return a.whyNotReady(ctx) == ""
}

// serveSurfacesReady answers whether no chat that this process is connected to is broken, or away for so long that admins were told.
func (a *App) serveSurfacesReady(ctx context.Context, w http.ResponseWriter) {
	accounts, err := store.ListAccounts(ctx, a.db.Pool)
	away, awayErr := outage.Away(ctx, a.db.Pool)
	if err != nil || awayErr != nil {
		http.Error(w, "database: not reachable", http.StatusServiceUnavailable)
		return
	}

	surfaces := a.chats.list()
	for _, account := range accounts {
		connected := slices.ContainsFunc(surfaces, func(s opened) bool { return s.account == account.ID })
		if connected && account.Status == string(channels.Broken) {
			http.Error(w, account.Name+": "+account.StatusText, http.StatusServiceUnavailable)
			return
		}
		if since, isAway := away[account.ID]; connected && isAway {
			http.Error(w, account.Name+": not reached since "+since.UTC().Format(time.RFC3339), http.StatusServiceUnavailable)
			return
		}
	}

	_, _ = io.WriteString(w, "ready\n"+degradedText(a.opt.Analyzer))
}

// degradedText says what does not work and is not needed to serve: the model that reads what customers write. It returns "" if
// everything works.
func degradedText(with analysis.Analyzer) string {
	if m, ok := with.(metrics.Conditioned); ok {
		if c := m.Condition(); c.Status != analysis.Working {
			return "degraded: " + c.Text + "\n"
		}
	}
	return ""
}

// guardMetrics lets requests from this machine through, and those with the token.
func (a *App) guardMetrics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		hasToken := a.env.MetricsToken != "" && subtle.ConstantTimeCompare([]byte(token), []byte(a.env.MetricsToken)) == 1
		if !hasToken && !isFromThisMachine(r) {
			http.Error(w, "metrics: from loopback and through no proxy, or with a bearer token", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isFromThisMachine reports whether a request comes from a process on this machine. Requests from elsewhere
// through a proxy on this machine come from loopback, too. They are recognised by a header, by the name
// of the host, or by HTTP/1.0, which nginx uses by default.
func isFromThisMachine(r *http.Request) bool {
	if isForwarded(r) {
		return false
	}
	host := r.Host
	if _, _, err := net.SplitHostPort(host); err != nil { // it names no port
		host = net.JoinHostPort(strings.Trim(host, "[]"), "80")
	}
	isFromProxy := !r.ProtoAtLeast(1, 1)
	return !isFromProxy && isLoopback(r.RemoteAddr) && isLoopback(host)
}

// isForwarded reports whether a proxy says that it passed a request on.
func isForwarded(r *http.Request) bool {
	return slices.ContainsFunc([]string{"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip"},
		func(header string) bool { return r.Header.Get(header) != "" })
}

// refusedCounter returns the counter of an account's requests that were refused because of too many others.
func (a *App) refusedCounter(account store.AccountID) *atomic.Int64 {
	return &a.engine.Relay().Metrics().Account(account).Refused
}

// findChannel returns an account's channel; nil if it isn't running.
func (a *accounts) findChannel(id store.AccountID) channels.Channel {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if w := a.running[id]; w != nil {
		return w.channel
	}
	return nil
}

// Shutdown ends a server; ctx may have ended already. It waits, for grace at most, until all requests are
// answered. A request without an answer was not accepted, and its sender sends it again. net/http counts
// a connection that was opened but never used as busy for five seconds; that is no error.
func Shutdown(ctx context.Context, server *http.Server, grace time.Duration) error {
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := server.Shutdown(end)
	if errors.Is(err, context.DeadlineExceeded) {
		return server.Close()
	}
	return err
}
