package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"

	"parley/bridge/setup"
	"parley/channels"
	"parley/cmd/parley/app"
	"parley/cmd/parley/inspect"
	"parley/store"
)

// dove is a channel whose callbacks are lines "owner id text".
type dove struct {
	channels.Channel
	env channels.Env
}

// ServeHTTP implements channels.Webhook.
func (d dove) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		_, _ = io.WriteString(w, r.URL.Query().Get("challenge"))
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	var facts []channels.Fact
	for line := range strings.Lines(string(body)) {
		f := strings.Fields(line)
		facts = append(facts, channels.Fact{Owner: f[0], ExternalID: f[1], OrderKey: "kim", Payload: []byte(line)})
	}
	if err := d.env.Accept(r.Context(), facts...); err != nil {
		http.Error(w, "not stored", http.StatusServiceUnavailable)
	}
}

// Capabilities implements channels.Channel.
func (dove) Capabilities() channels.Capabilities { return channels.Capabilities{} }

// Decode implements channels.Channel.
func (dove) Decode([]byte) ([]channels.Inbound, error) { return nil, nil }

// doves are a kind of channel, and what its channels were given.
type doves struct {
	mu   sync.Mutex
	envs map[string]channels.Env // by account
}

func (d *doves) spec() channels.Spec {
	return channels.Spec{Kind: "dove", Name: "Dove", Owner: "number", APIEnv: "DOVE_API_URL",
		Fields:   []channels.Field{{Name: "number", Label: "Number of the dove"}, {Name: "loft"}},
		OwnHosts: func(c channels.Config) []string { return []string{c["loft"]} },
		New: func(a channels.Account, env channels.Env) (channels.Channel, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.envs[a.Name] = env
			return dove{env: env}, nil
		}}
}

// TestSharedCallback: numbers of one provider share a callback, and a channel is given its
// address, its provider's and a guarded way out.
func TestSharedCallback(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	kind := &doves{envs: map[string]channels.Env{}}
	specs := []channels.Spec{kind.spec()}
	env := environment(t)
	env.APIURLs = map[string]string{"DOVE_API_URL": "http://127.0.0.1:1/"}
	db := openDatabase(t, env)
	set(t, db, specs, `
teams: [{name: T, slack_channel: C1}]
accounts:
  - {name: one, kind: dove, team: T, dove: {number: "111", loft: "10.255.255.1:1"}}
  - {name: two-2, kind: dove, team: T, dove: {number: "222"}}`)
	a := start(t, env, db, app.Options{Specs: specs})
	base := "http://" + a.Address() + "/hooks/"
	if got := call(t, http.MethodGet, base+"one?challenge=42", ""); got != "200 42" {
		t.Errorf("the challenge is answered with %q", got)
	}
	for range 2 { // the provider brings it again
		if got := call(t, http.MethodPost, base+"one", "111 a hello\n222 b hi\n333 c who?\n222 d again\n"); got != "200 " {
			t.Errorf("the callback is answered with %q", got)
		}
	}
	if got := call(t, http.MethodPost, base+"three", "111 x x\n"); !strings.HasPrefix(got, "404") {
		t.Errorf("an unknown account: %q", got)
	}
	got := map[string][]string{}
	rows, err := store.ListQuarantine(ctx, db.Pool, 10)
	if err != nil || len(rows) != 1 || rows[0].Account != "one" || !strings.Contains(rows[0].Reason, `Number of the dove "333"`) {
		t.Errorf("set aside: %+v, %v", rows, err)
	}
	for _, name := range []string{"one", "two-2"} {
		var ids []string
		if err := db.Pool.QueryRow(ctx, `SELECT array_agg(external_id ORDER BY e.id) FROM events e JOIN accounts a ON a.id = account_id WHERE a.name = $1`,
			name).Scan(&ids); err != nil {
			t.Fatal(err)
		}
		got[name] = ids
	}
	if want := map[string][]string{"one": {"a", "unowned:333:c"}, "two-2": {"b", "d"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("stored %v, want %v", got, want)
	}
	kind.checkEnvs(t)
	replayStray(t, db, specs, rows[0].EventID)
}

// Two accounts at work never have the same number or Page: at Twilio each would take every message, at Meta one of them
// none. One that is paused takes none, so its number may have another account.
func TestOneAccountHasANumber(t *testing.T) {
	t.Parallel()
	db := openDatabase(t, environment(t))
	for kind, settings := range map[string]string{
		"sms":             `twilio: {account_sid: AC1, auth_token: x, from: "%s"}`,
		"twilio_whatsapp": `twilio: {account_sid: AC1, auth_token: x, from: "%s"}`,
		"whatsapp":        `whatsapp: {phone_number_id: "%s", waba_id: "5", token: x, app_secret: x, verify_token: x}`,
		"messenger":       `messenger: {page_id: "%s", token: x, app_secret: x, verify_token: x}`,
	} {
		account := func(name, number, more string) string {
			return fmt.Sprintf("teams: [{name: T, slack_channel: C1}]\naccounts: [{name: %s-%s, kind: %s, team: T%s, %s}]",
				strings.ReplaceAll(kind, "_", "-"), name, kind, more, fmt.Sprintf(settings, number))
		}
		set(t, db, app.Specs(), account("one", "+15550100", ""))
		set(t, db, app.Specs(), account("other", "+15550101", ""))
		o := setup.Options{Sealer: db.Sealer, Specs: app.Specs()}
		var faults setup.Faults
		if _, err := setup.Apply(t.Context(), db.Pool, parse(t, account("twin", "+15550100", "")), o); !errors.As(err, &faults) ||
			!strings.Contains(err.Error(), "-one takes messages from there already") {
			t.Errorf("%s: the same number: %v", kind, err)
		}
		set(t, db, app.Specs(), account("one", "+15550100", ", paused: true"))
		set(t, db, app.Specs(), account("twin", "+15550100", ""))
	}
}

// replayStray: what was nobody's goes to the account that is added later, once.
func replayStray(t *testing.T, db *app.Database, specs []channels.Spec, event store.EventID) {
	t.Helper()
	for i, want := range []inspect.ReplayState{inspect.ReplayUnowned, inspect.ReplayHandedOver, inspect.ReplayNotQuarantined} {
		if i == 1 {
			set(t, db, specs, `accounts: [{name: three, kind: dove, team: T, dove: {number: "333"}}]`)
		}
		answers, err := inspect.Replay(t.Context(), db.Pool, specs, []store.EventID{event})
		if err != nil || answers[0].State != want || !strings.HasPrefix(answers[0].Text(), "event ") {
			t.Errorf("replayed: %+v, %v, want %s", answers, err, want)
		}
	}
	var got string
	err := db.Pool.QueryRow(t.Context(), `SELECT string_agg(e.external_id || ' ' || (order_key = a.id || '/kim') || ' ' || convert_from(payload, 'UTF8'), ',')
		FROM events e JOIN accounts a ON a.id = account_id WHERE a.name = 'three'`).Scan(&got)
	if err != nil || got != "c true 333 c who?\n" {
		t.Errorf("the new account has %q, %v", got, err)
	}
	until(t, "it is applied", func() bool {
		n := 0
		err := db.Pool.QueryRow(t.Context(), `SELECT count(*) FROM queued`).Scan(&n)
		return err == nil && n == 0
	})
}

// checkEnvs checks what the channels were given.
func (d *doves) checkEnvs(t *testing.T) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, hook := range map[string]string{"one": "https://help.acme.test/hooks/one", "two-2": "https://help.acme.test/hooks/two-2"} {
		if e := d.envs[name]; e.HookURL != hook || e.APIURL != "http://127.0.0.1:1/" {
			t.Errorf("%s was given %q and %q", name, e.HookURL, e.APIURL)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // nothing is to be reached; what is refused is refused all the same
	for _, c := range []struct {
		account, address string
		refused          bool
	}{
		{"one", "10.255.255.1:1", false}, {"two-2", "10.255.255.1:1", true}, {"one", "10.255.255.1:2", true},
		{"one", "127.0.0.1:9", false}, {"one", "169.254.169.254:80", true},
	} {
		ctx := ctx
		if c.refused {
			ctx = t.Context()
		}
		_, err := d.envs[c.account].Dialer.DialContext(ctx, "tcp", c.address)
		if err == nil || errors.Is(err, channels.ErrPrivateAddress) != c.refused {
			t.Errorf("%s dials %s: %v", c.account, c.address, err)
		}
	}
}

// call returns the status and the body of an answer.
func call(t *testing.T, method, url, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(resp.Status[:3]) + " " + string(text)
}
