package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"parley/channels"
	"parley/store"
)

// routes gives everything that this process answers.
func (a *App) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /readyz", a.readyz)
	mux.Handle("GET /metrics", a.guardMetrics(a.metrics()))
	mux.HandleFunc("GET /files/{signed}", a.original)
	mux.HandleFunc("/hooks/{account}", a.hook)
	for _, r := range a.surfaces {
		for pattern, handler := range r.surface.Handlers() {
			mux.Handle(pattern, handler)
		}
	}
	return mux
}

// readyz says whether requests can be dealt with: database, migrations, surfaces.
func (a *App) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	migrated, err := store.Migrated(ctx, a.db.Pool)
	switch {
	case err != nil:
		http.Error(w, "database: not reachable", http.StatusServiceUnavailable)
	case !migrated:
		http.Error(w, "database: not migrated", http.StatusServiceUnavailable)
	case !a.ready.Load():
		http.Error(w, "starting", http.StatusServiceUnavailable)
	default:
		a.surfacesReady(ctx, w)
	}
}

func (a *App) surfacesReady(ctx context.Context, w http.ResponseWriter) {
	accounts, err := store.ListAccounts(ctx, a.db.Pool)
	if err != nil {
		http.Error(w, "database: not reachable", http.StatusServiceUnavailable)
		return
	}
	for _, account := range accounts {
		if account.Side == "surface" && account.Status == string(channels.Broken) {
			http.Error(w, account.Name+": "+account.StatusText, http.StatusServiceUnavailable)
			return
		}
	}
	_, _ = io.WriteString(w, "ready\n")
}

// guardMetrics lets loopback and the bearer of the token through.
func (a *App) guardMetrics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		allowed := a.env.MetricsToken != "" && subtle.ConstantTimeCompare([]byte(token), []byte(a.env.MetricsToken)) == 1
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsLoopback() && r.Header.Get("X-Forwarded-For") == "" {
			allowed = true
		}
		if !allowed {
			http.Error(w, "metrics: from loopback, or with a bearer token", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hook passes a provider's call to its account's channel.
func (a *App) hook(w http.ResponseWriter, r *http.Request) {
	for _, account := range a.engine.Accounts() {
		if account.Name != r.PathValue("account") || account.Side != "channel" {
			continue
		}
		if hook, ok := a.accounts.channel(account.ID).(channels.Webhook); ok {
			hook.ServeHTTP(w, r)
			return
		}
	}
	http.NotFound(w, r)
}

func (a *accounts) channel(id int64) channels.Channel {
	a.mu.Lock()
	defer a.mu.Unlock()
	if w := a.running[id]; w != nil {
		return w.channel
	}
	return nil
}

// links makes and checks the signed links to originals.
type links struct {
	base string
	keys [][]byte
}

// linkLife is how long a signed link works.
const linkLife = 90 * 24 * time.Hour

func (l *links) original(message int64) string {
	end := time.Now().Add(linkLife).Unix()
	return l.base + "/files/" + l.sign(l.keys[0], message, end)
}

func (l *links) sign(key []byte, message, end int64) string {
	text := fmt.Sprintf("o.%d.%d", message, end)
	mac := hmac.New(sha256.New, key)
	_, _ = io.WriteString(mac, text)
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// check gives the message that a signed link names.
func (l *links) check(signed string) (int64, bool) {
	parts := strings.Split(signed, ".")
	if len(parts) != 4 {
		return 0, false
	}
	message, err1 := strconv.ParseInt(parts[1], 10, 64)
	end, err2 := strconv.ParseInt(parts[2], 10, 64)
	if err1 != nil || err2 != nil || time.Now().Unix() > end {
		return 0, false
	}
	for _, key := range l.keys {
		if hmac.Equal([]byte(l.sign(key, message, end)), []byte(signed)) {
			return message, true
		}
	}
	return 0, false
}

// original shows a mail's HTML in a page that can run nothing and load nothing.
func (a *App) original(w http.ResponseWriter, r *http.Request) {
	message, ok := a.links.check(r.PathValue("signed"))
	if !ok {
		http.Error(w, "This link is not valid any more. Ask for the message in its thread.", http.StatusNotFound)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 20*time.Second)
	defer cancel()
	page, err := a.engine.OriginalHTML(ctx, message)
	if err != nil || page == "" {
		http.Error(w, "The original of this message is gone.", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "private, no-store")
	h.Set("X-Robots-Tag", "noindex")
	_, _ = io.WriteString(w, page)
}
