package app_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/bot/slack/slackfake"
	"parley/bridge/setup"
	"parley/channels/http/httpfake"
	"parley/cmd/parley/app"
	"parley/cmd/parley/demo"
	"parley/cmd/parley/operate"
)

const shopSecret = "0123456789abcdef of the shop"

// shopWorld is a whole Parley with a system of somebody's own beside Slack.
type shopWorld struct {
	world *demo.Company
	shop  *httpfake.Shop
	base  string // of the shop
	hook  string
	env   app.Env
	db    *app.Database
}

func openShop(t *testing.T) shopWorld {
	t.Helper()
	w := openWorld(t)
	shop := httpfake.New(shopSecret, time.Now)
	callback := httptest.NewServer(shop)
	t.Cleanup(callback.Close)
	env := environment(t)
	withSlack(&env, w)
	db := openDatabase(t, env)
	applyFile(t, db, app.Specs(), w.Config(time.Millisecond)+fmt.Sprintf(`
  - {name: shop, kind: http, team: Support, hold: 0s, http: {secret: "${SHOP_SECRET}", callback_url: "%s/parley", allow_private: "true"}}
`, callback.URL))
	passOn := publicAddress(t, &env) // its own links lead there, so it must be known before
	a := must(app.New(t.Context(), env, db, slog.New(slog.DiscardHandler), app.Options{MovedTime: true}))(t)
	passOn(a.Address())
	serve(t, a)
	return shopWorld{world: w, shop: shop, base: callback.URL, hook: env.PublicURL + "/hooks/shop", env: env, db: db}
}

// publicAddress gives Parley a public address before it listens. Requests wait there until passOn is told where it listens.
func publicAddress(t *testing.T, env *app.Env) (passOn func(address string)) {
	t.Helper()
	listens := make(chan *url.URL, 1)
	public := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		parley := <-listens
		listens <- parley
		r.SetURL(parley)
	}})
	t.Cleanup(public.Close)
	env.PublicURL = public.URL
	return func(address string) { listens <- &url.URL{Scheme: "http", Host: address} }
}

// post lets the shop send an event to the webhook.
func (w shopWorld) post(t *testing.T, event map[string]any) {
	t.Helper()
	if status, answer, err := w.shop.Post(t.Context(), w.hook, event); err != nil || status != 200 {
		t.Fatalf("the webhook answered %d %s, %v", status, answer, err)
	}
}

// waitForThread waits for a thread with a text, and returns its root.
func (w shopWorld) waitForThread(t *testing.T, text string) (root string) {
	t.Helper()
	until(t, "a thread shows "+text, func() bool {
		for _, m := range w.world.Slack.Messages(demo.Support) {
			for _, reply := range w.world.Slack.Thread(demo.Support, m.TS) {
				if raw, err := json.Marshal(reply); err == nil && strings.Contains(string(raw), text) {
					root = m.TS
					return true
				}
			}
		}
		return false
	})
	return root
}

// A system of the company's own is a channel like any other: a customer's message comes into a thread, an agent's answer
// and file go out, and receipts come back.
func TestOwnSystem(t *testing.T) {
	t.Parallel()
	w := openShop(t)
	until(t, "Slack is connected", func() bool { return w.world.Slack.Sockets.Count() > 0 })

	question := map[string]any{
		"type": "message",
		"id":   "m-1",
		"from": map[string]any{"id": "u-17", "name": "Kim Miller"},
		"text": "Where is my order?",
	}
	w.post(t, question)
	w.post(t, question) // once more, to be sure
	root := w.waitForThread(t, "Where is my order?")

	ann := w.world.Slack.As(demo.Ann)
	must(ann.Post(slackfake.Post{Channel: demo.Support, Thread: root, Text: "It leaves *today*.",
		Files: []slackfake.NewFile{{Name: "label.txt", Data: []byte("the label")}}}))(t)
	until(t, "the shop has the answer", func() bool { return len(w.shop.Got()) > 0 })

	got := w.shop.Got()[0]
	var m struct{ Attachments []struct{ Name, URL string } }
	check(t, json.Unmarshal(got.Body, &m))
	if got.To != "u-17" || got.Text != "It leaves **today**." {
		t.Errorf("the shop got %q to %q, want the answer to u-17", got.Text, got.To)
	}
	if len(m.Attachments) != 1 {
		t.Fatalf("the shop got %s, want one attachment", got.Body)
	}

	resp, body := fetch(t, m.Attachments[0].URL)
	if resp.StatusCode != http.StatusOK || body != "the label" {
		t.Errorf("the file: got %d %q, want %d and its content", resp.StatusCode, body, http.StatusOK)
	}
	if name := resp.Header.Get("Content-Disposition"); !strings.Contains(name, "label.txt") {
		t.Errorf("the file's Content-Disposition is %q, want label.txt", name)
	}

	w.post(t, map[string]any{"type": "status", "id": "e-1", "message": got.Key, "state": "read"})
	until(t, "it is read", func() bool {
		n := 0
		err := w.db.Pool.QueryRow(t.Context(), `SELECT count(*) FROM deliveries WHERE kind = 'reply' AND state = 'read'`).Scan(&n)
		return err == nil && n == 1
	})

	n := 0
	if err := w.db.Pool.QueryRow(t.Context(), `SELECT count(*) FROM messages WHERE direction = 'in'`).Scan(&n); err != nil || n != 1 {
		t.Errorf("messages of the customer: got %d, %v; want 1", n, err)
	}

	w.checkFileFromShop(t, root)
	if n := len(w.shop.Got()); n != 1 {
		t.Errorf("the shop got %d messages, want 1", n)
	}
	w.checkDoctorAndExport(t)
}

// checkFileFromShop checks that a file that stays with the shop is fetched and stands in the thread.
func (w shopWorld) checkFileFromShop(t *testing.T, root string) {
	t.Helper()
	w.shop.PutFile("box.txt", &httpfake.File{Type: "text/plain", Content: []byte("a picture of the box")})
	w.post(t, map[string]any{"type": "message", "id": "m-2", "from": map[string]any{"id": "u-17"}, "text": "It looks like this",
		"attachments": []any{map[string]any{"name": "box.txt", "type": "text/plain", "url": w.base + "/files/box.txt"}}})
	until(t, "the file is in the thread", func() bool {
		for _, m := range w.world.Slack.Thread(demo.Support, root) {
			for _, f := range m.Files {
				if f.Name == "box.txt" && m.User != demo.Ann {
					return true
				}
			}
		}
		return false
	})
}

// checkDoctorAndExport checks that doctor and export know the channel by its Spec alone.
func (w shopWorld) checkDoctorAndExport(t *testing.T) {
	t.Helper()
	report := operate.Doctor(t.Context(), operate.Options{
		Pool:     w.db.Pool,
		Sealer:   w.db.Sealer,
		Specs:    app.Specs(),
		Outside:  w.env.Outside,
		Surfaces: map[string]any{"slack": nil},
	})
	for _, want := range []string{"Events are posted to " + w.hook, "It answers and can be asked about messages."} {
		if !strings.Contains(report.Text(), want) {
			t.Errorf("the doctor doesn't say %q:\n%s", want, report.Text())
		}
	}
	out := must(setup.Export(t.Context(), w.db.Pool, app.Specs()))(t)
	if !strings.Contains(string(out), `secret: "${SHOP_SECRET}"`) {
		t.Errorf("the export doesn't ask for SHOP_SECRET:\n%s", out)
	}
	if strings.Contains(string(out), shopSecret) {
		t.Errorf("the export has the secret:\n%s", out)
	}
}
