package app_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
	"parley/channels/emulator"
	"parley/cmd/parley/app"
	"parley/store"
	"parley/store/storetest"
)

// inChat lets agents work in a small chat in place of Slack.
func inChat(c *bridgetest.Chat) []app.SurfaceSpec { return []app.SurfaceSpec{chatSpec("slack", c)} }

func chatSpec(kind string, c *bridgetest.Chat) app.SurfaceSpec {
	return app.SurfaceSpec{Kind: kind, New: func(_ app.Env, o app.SurfaceOptions) (bridge.Surface, error) {
		return bridgetest.NewSurface(c.URL(), o.Desk, 0), nil
	}}
}

// Parley connects each chat that the environment names, and no other. It is ready while all connected chats work.
func TestSeveralSurfaces(t *testing.T) {
	t.Parallel()
	ctx, env := t.Context(), environment(t)
	db := openDatabase(t, env)
	former, err := store.EnsureSurface(ctx, db.Pool, "former") // of an environment that was
	if err != nil {
		t.Fatal(err)
	}
	must(store.ReportAccount(ctx, db.Pool, former, "error", "Gone.", ""))(t)

	one, two := bridgetest.NewChat(t), bridgetest.NewChat(t)
	unnamed := chatSpec("third", bridgetest.NewChat(t))
	unnamed.Named = func(app.Env) bool { return false }
	a := start(t, env, db, app.Options{Surfaces: []app.SurfaceSpec{chatSpec("slack", one), unnamed, chatSpec("teams", two)}})
	isListening := func(c *bridgetest.Chat) bool { return c.Streams() > 0 && c.Taken() } // and has reported that it works
	until(t, "both chats are connected", func() bool { return isListening(one) && isListening(two) })
	until(t, "Parley is ready", func() bool { status, _ := ready(t, a); return status == http.StatusOK })

	accounts := must(store.ListAccounts(ctx, db.Pool))(t)
	until(t, "/readyz says that a chat is away", func() bool {
		storetest.Exec(t, db.Pool, `INSERT INTO outages SELECT id, now(), now(), now() FROM accounts WHERE kind = 'slack'
			ON CONFLICT (account_id) DO UPDATE SET told_at = now()`) // admins were told
		status, text := ready(t, a)
		return status == http.StatusServiceUnavailable && strings.HasPrefix(text, "slack: not reached since")
	})

	storetest.Exec(t, db.Pool, `DELETE FROM outages`)
	for _, account := range accounts {
		switch account.Kind {
		case "third":
			t.Error("a chat that isn't named has an account")
		case "teams":
			a.Engine().Report(account.ID, channels.Condition{Status: channels.Broken, Text: "The secret has expired."})
		}
	}
	until(t, "/readyz says that the chat is broken", func() bool {
		status, text := ready(t, a)
		return status == http.StatusServiceUnavailable && strings.Contains(text, "teams: The secret has expired.")
	})

	if status, text := get(t, a, "/readyz?without=surfaces"); status != http.StatusOK {
		t.Errorf("/readyz for a load balancer: got %d %s, want %d: else no webhook would reach Parley", status, text, http.StatusOK)
	}
}

// ready asks /readyz.
func ready(t *testing.T, a *app.App) (int, string) {
	t.Helper()
	return get(t, a, "/readyz")
}

// get asks a running Parley for a path.
func get(t *testing.T, a *app.App, path string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	req := must(http.NewRequestWithContext(ctx, http.MethodGet, "http://"+a.Address()+path, nil))(t)
	resp := must(emulator.NewClient().Do(req))(t)
	defer func() { _ = resp.Body.Close() }()
	body := must(io.ReadAll(resp.Body))(t)
	return resp.StatusCode, string(body)
}
