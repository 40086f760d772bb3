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
	"parley/store"
	"parley/store/schema"
)

// buildRoutes returns the handler for all requests to this process: health checks, metrics, files, webhooks of providers,
// Parley's own web pages, and the endpoints of chats such as Slack. A surface, in this file, is the code for one chat.
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
	mux.HandleFunc("GET /{$}", showSettings)
	mux.Handle("/", a.chats)
	return mux
}

// showSettings leads people who open the bare public address to the settings site.
func showSettings(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/settings", http.StatusSeeOther)
}

// readyTimeout limits the readiness check. If the database doesn't answer in time, the process isn't ready.
const readyTimeout = 2 * time.Second

// serveReady answers with status 200 if the database, the schema and all surfaces are ready, else with 503 and the
// reason. With ?without=surfaces it ignores the surfaces. Load balancers should use that: if an outage of Slack made all
// replicas unready, webhooks and web pages would fail, too. Requests through a proxy, which may come from strangers, get
// the status without the text.
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

// statusOnly discards the body of a response.
type statusOnly struct{ http.ResponseWriter }

func (statusOnly) Write(body []byte) (int, error) { return len(body), nil }

// whyNotReady returns why the process can't handle requests, or "" if it can. It ignores surfaces.
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

// isReady reports whether the process can handle requests, for /metrics. It ignores surfaces.
func (a *App) isReady() bool {
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	return a.whyNotReady(ctx) == ""
}

// serveSurfacesReady answers with 503 if a chat to which this process is connected is broken, or has been unreachable for
// so long that admins were notified, else with 200.
func (a *App) serveSurfacesReady(ctx context.Context, w http.ResponseWriter) {
	accounts, err := store.ListAccounts(ctx, a.db.Pool)
	away, awayErr := store.AdminsAway(ctx, a.db.Pool)
	if err != nil || awayErr != nil {
		http.Error(w, "database: not reachable", http.StatusServiceUnavailable)
		return
	}

	surfaces := a.chats.list()
	for _, account := range accounts {
		isConnected := slices.ContainsFunc(surfaces, func(s opened) bool { return s.account == account.ID })
		if !isConnected {
			continue
		}
		if account.Status == string(channels.Broken) {
			http.Error(w, account.Name+": "+account.StatusText, http.StatusServiceUnavailable)
			return
		}
		if since, isAway := away[account.ID]; isAway {
			http.Error(w, account.Name+": not reached since "+since.UTC().Format(time.RFC3339), http.StatusServiceUnavailable)
			return
		}
	}

	_, _ = io.WriteString(w, "ready\n"+degradedText(a.opt.Analyzer))
}

// degradedText says what is broken but not needed to serve: the language model that analyses customers' messages. It
// returns "" if the model works, or if there is none.
func degradedText(analyzer analysis.Analyzer) string {
	model, ok := analyzer.(Conditioned)
	if !ok {
		return ""
	}
	condition := model.Condition()
	if condition.Status == analysis.Working {
		return ""
	}
	return "degraded: " + condition.Text + "\n"
}

// guardMetrics passes on requests from this machine, and requests with the token in MetricsToken. It refuses others.
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

// isFromThisMachine reports whether a request comes from a process on this machine. The remote address isn't enough:
// requests from elsewhere that pass a proxy on this machine come from loopback, too. These are recognised by a header, by
// the host name, or by HTTP/1.0, which nginx uses by default.
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

// isForwarded reports whether a request has a header by which proxies mark forwarded requests.
func isForwarded(r *http.Request) bool {
	return slices.ContainsFunc([]string{"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip"},
		func(header string) bool { return r.Header.Get(header) != "" })
}

// refusedCounter returns the counter of an account's requests that a limiter has refused.
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

// Shutdown stops a server. It waits for at most grace until all requests are answered, and then closes the remaining
// connections, which isn't an error: senders retry requests without a response, and net/http regards a new connection as
// busy for five seconds even if it is unused. ctx may have ended already.
func Shutdown(ctx context.Context, server *http.Server, grace time.Duration) error {
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := server.Shutdown(end)
	if errors.Is(err, context.DeadlineExceeded) {
		return server.Close()
	}
	return err
}
