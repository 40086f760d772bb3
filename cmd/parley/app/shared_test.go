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
	"parley/channels/emulator"
	"parley/cmd/parley/app"
	"parley/cmd/parley/operate"
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

// doves are the channels of the kind dove.
type doves struct {
	mu   sync.Mutex
	envs map[string]channels.Env // what each was given, by account
}

func newDoves() *doves { return &doves{envs: map[string]channels.Env{}} }

// envOf returns what the channel of an account was given.
func (d *doves) envOf(account string) channels.Env {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.envs[account]
}

func (d *doves) spec() channels.Spec {
	return channels.Spec{Kind: "dove", Name: "Dove", Owner: "number", APIEnv: "DOVE_API_URL",
		Fields:   []channels.Field{{Name: "number", Label: "Number of the dove"}, {Name: "loft"}, {Name: "secret", Secret: true}},
		SignedBy: "secret",
		OwnHosts: func(c channels.Config) []string { return []string{c["loft"]} },
		New: func(a channels.Account, env channels.Env) (channels.Channel, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.envs[a.Name] = env
			return dove{env: env}, nil
		}}
}

// Accounts of one provider share a callback, which hands each event to the account that has its number. A channel is given
// the address of its callback, the address of its provider, and a dialer that is guarded.
func TestSharedCallback(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	kind := newDoves()
	specs := []channels.Spec{kind.spec()}
	env := environment(t)
	env.APIURLs = map[string]string{"DOVE_API_URL": "http://127.0.0.1:1/"}
	db := openDatabase(t, env)
	applyFile(t, db, specs, `
teams: [{name: T, slack_channel: C1}]
accounts:
  - {name: one, kind: dove, team: T, dove: {number: "111", loft: "10.255.255.1:1"}}
  - {name: two-2, kind: dove, team: T, dove: {number: "222"}}`)
	a := start(t, env, db, app.Options{Specs: specs})
	base := "http://" + a.Address() + "/hooks/"
	if got := call(t, http.MethodGet, base+"one?challenge=42", ""); got != "200 42" {
		t.Errorf("the challenge is answered with %q, want 200 42", got)
	}

	for range 2 { // the provider brings it again
		if got := call(t, http.MethodPost, base+"one", "111 a hello\n222 b hi\n333 c who?\n222 d again\n"); got != "200 " {
			t.Errorf("the callback is answered with %q, want 200", got)
		}
	}
	if got := call(t, http.MethodPost, base+"three", "111 x x\n"); !strings.HasPrefix(got, "404") {
		t.Errorf("the callback of an unknown account is answered with %q, want 404", got)
	}

	rows := must(store.ListQuarantine(ctx, db.Pool, 10))(t)
	if len(rows) != 1 || rows[0].Account != "one" || !strings.Contains(rows[0].Reason, `Number of the dove "333"`) {
		t.Fatalf("quarantine: got %+v, want the event for 333, as of account one", rows)
	}

	got := map[string][]string{}
	for _, name := range []string{"one", "two-2"} {
		var ids []string
		check(t, db.Pool.QueryRow(ctx, `SELECT array_agg(external_id ORDER BY e.id) FROM events e
			JOIN accounts a ON a.id = account_id WHERE a.name = $1`,
			name).Scan(&ids))
		got[name] = ids
	}
	if want := map[string][]string{"one": {"a", "unowned:333:c"}, "two-2": {"b", "d"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("events by account: got %v, want %v", got, want)
	}

	kind.checkEnvs(t)
	checkReplay(t, db, specs, rows[0].EventID)
}

// A callback that is signed with the secret of one app brings nothing to the account of another: anybody who may add an
// account could otherwise speak in the name of that account's customers.
func TestSharedCallbackOfAnotherApp(t *testing.T) {
	t.Parallel()
	specs := []channels.Spec{newDoves().spec()}
	env := environment(t)
	db := openDatabase(t, env)
	applyFile(t, db, specs, `
teams: [{name: T, slack_channel: C1}]
accounts:
  - {name: trial, kind: dove, team: T, dove: {number: "111", secret: trial}}
  - {name: production, kind: dove, team: T, dove: {number: "222", secret: production}}`)
	a := start(t, env, db, app.Options{Specs: specs})

	if got := call(t, http.MethodPost, "http://"+a.Address()+"/hooks/trial", "222 a forged\n"); got != "200 " {
		t.Errorf("the callback is answered with %q, want 200", got)
	}

	rows := must(store.ListQuarantine(t.Context(), db.Pool, 10))(t)
	if len(rows) != 1 || rows[0].Account != "trial" || !strings.Contains(rows[0].Reason, "signed with a secret that isn't that account's") {
		t.Errorf("quarantine: got %+v, want the event for 222, as of account trial", rows)
	}
	if events := countEvents(t, db, "production"); events != 0 {
		t.Errorf("got %d events of account production, want none", events)
	}
}

// An event that a callback brought for another account stays in quarantine when it is replayed, unless both accounts have
// the same secret. Otherwise an admin who may replay could sign an event and hand it to an account whose secret they don't
// know.
func TestReplayOfAnotherApp(t *testing.T) {
	t.Parallel()
	const (
		trial      = `{name: trial, kind: dove, team: T, dove: {number: "111", secret: trial}}`
		sibling    = `{name: trial, kind: dove, team: T, dove: {number: "111", secret: production}}`
		production = `{name: production, kind: dove, team: T, dove: {number: "222", secret: production}}`
	)
	for _, tt := range []struct {
		name   string
		before string // the accounts when the callback comes
		after  string // an account that is added or changed before the event is replayed
		want   operate.ReplayState
		events int // how many events account production then has
	}{
		{name: "another secret", before: trial + ", " + production, after: production, want: operate.ReplayOtherSecret},
		{name: "another secret, of an account that was added later", before: trial, after: production, want: operate.ReplayOtherSecret},
		{name: "the same secret meanwhile", before: trial + ", " + production, after: sibling, want: operate.ReplayHandedOver, events: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			specs := []channels.Spec{newDoves().spec()}
			env := environment(t)
			db := openDatabase(t, env)
			applyFile(t, db, specs, "teams: [{name: T, slack_channel: C1}]\naccounts: ["+tt.before+"]")
			a := start(t, env, db, app.Options{Specs: specs})

			if got := call(t, http.MethodPost, "http://"+a.Address()+"/hooks/trial", "222 a forged\n"); got != "200 " {
				t.Fatalf("the callback is answered with %q, want 200", got)
			}
			rows := must(store.ListQuarantine(t.Context(), db.Pool, 10))(t)
			if len(rows) != 1 {
				t.Fatalf("quarantine: got %+v, want the event for 222", rows)
			}
			applyFile(t, db, specs, "accounts: ["+tt.after+"]")

			got := replay(t, db, specs, rows[0].EventID)

			if got != tt.want {
				t.Errorf("replay: got %s, want %s", got, tt.want)
			}
			if got := countEvents(t, db, "production"); got != tt.events {
				t.Errorf("got %d events of account production, want %d", got, tt.events)
			}
		})
	}
}

// countEvents counts the events of an account.
func countEvents(t *testing.T, db *app.Database, account string) int {
	t.Helper()
	var n int
	const events = `SELECT count(*) FROM events AS e JOIN accounts AS a ON a.id = e.account_id WHERE a.name = $1`
	check(t, db.Pool.QueryRow(t.Context(), events, account).Scan(&n))
	return n
}

// Two active accounts can't have the same number or Page. At Twilio each of them would take every message, and at Meta one
// of them would get none. The number of a paused account may be given to another account.
func TestOneAccountHasANumber(t *testing.T) {
	t.Parallel()
	db := openDatabase(t, environment(t))
	for kind, settings := range map[string]string{
		"sms":             `twilio: {account_sid: AC1, auth_token: x, from: "+%s"}`,
		"twilio_whatsapp": `twilio: {account_sid: AC1, auth_token: x, from: "+%s"}`,
		"whatsapp":        `whatsapp: {phone_number_id: "%s", waba_id: "5", token: x, app_secret: x, verify_token: x}`,
		"messenger":       `messenger: {page_id: "%s", token: x, app_secret: x, verify_token: x}`,
	} {
		account := func(name, number, more string) string {
			return fmt.Sprintf("teams: [{name: T, slack_channel: C1}]\naccounts: [{name: %s-%s, kind: %s, team: T%s, %s}]",
				strings.ReplaceAll(kind, "_", "-"), name, kind, more, fmt.Sprintf(settings, number))
		}

		applyFile(t, db, app.Specs(), account("one", "15550100", ""))
		applyFile(t, db, app.Specs(), account("other", "15550101", ""))
		o := setup.Options{Sealer: db.Sealer, Specs: app.Specs()}
		var faults setup.Faults
		if _, err := setup.Apply(t.Context(), db.Pool, parse(t, account("twin", "15550100", "")), o); !errors.As(err, &faults) ||
			!strings.Contains(err.Error(), "-one takes messages from there already") {
			t.Errorf("%s: a second account with the number: got %v, want that the first one takes messages from there already", kind, err)
		}

		applyFile(t, db, app.Specs(), account("one", "15550100", ", paused: true"))
		applyFile(t, db, app.Specs(), account("twin", "15550100", ""))
	}
}

// checkReplay checks that an event of a number that nobody had can be replayed once an account has it, and then goes there
// once.
func checkReplay(t *testing.T, db *app.Database, specs []channels.Spec, event store.EventID) {
	t.Helper()
	wantReplay := func(want operate.ReplayState) {
		t.Helper()
		if got := replay(t, db, specs, event); got != want {
			t.Errorf("replay: got %s, want %s", got, want)
		}
	}
	wantReplay(operate.ReplayUnowned)
	applyFile(t, db, specs, `accounts: [{name: three, kind: dove, team: T, dove: {number: "333"}}]`)
	wantReplay(operate.ReplayHandedOver)
	wantReplay(operate.ReplayNotQuarantined)

	var got string
	err := db.Pool.QueryRow(t.Context(),
		`SELECT string_agg(e.external_id || ' ' || (order_key = a.id || '/kim') || ' ' || convert_from(payload, 'UTF8'), ',')
		FROM events e JOIN accounts a ON a.id = account_id WHERE a.name = 'three'`).Scan(&got)
	if want := "c true 333 c who?\n"; err != nil || got != want {
		t.Errorf("events of the new account: got %q, %v; want %q", got, err, want)
	}

	until(t, "it is applied", func() bool {
		n := 0
		err := db.Pool.QueryRow(t.Context(), `SELECT count(*) FROM queued`).Scan(&n)
		return err == nil && n == 0
	})
}

// replay replays one event, and returns what became of it.
func replay(t *testing.T, db *app.Database, specs []channels.Spec, event store.EventID) operate.ReplayState {
	t.Helper()
	answers := must(operate.Replay(t.Context(), db.Pool, db.Sealer, specs, []store.EventID{event}))(t)
	if len(answers) != 1 {
		t.Fatalf("replay: got %d answers, want 1", len(answers))
	}
	if text := answers[0].Text(); !strings.HasPrefix(text, "event ") {
		t.Errorf("replay: got the answer %q, want one that begins with the event", text)
	}
	return answers[0].State
}

// checkEnvs checks what the channels were given.
func (d *doves) checkEnvs(t *testing.T) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, hook := range map[string]string{"one": "https://help.acme.test/hooks/one", "two-2": "https://help.acme.test/hooks/two-2"} {
		if e := d.envs[name]; e.HookURL != hook || e.APIURL != "http://127.0.0.1:1/" {
			t.Errorf("%s was given the callback %q and the API %q, want %q and http://127.0.0.1:1/", name, e.HookURL, e.APIURL, hook)
		}
	}

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name, account, address string
		refused                bool
	}{
		{name: "an account's own host", account: "one", address: "10.255.255.1:1"},
		{name: "another account's own host", account: "two-2", address: "10.255.255.1:1", refused: true},
		{name: "another port of its own host", account: "one", address: "10.255.255.1:2", refused: true},
		{name: "this machine", account: "one", address: "127.0.0.1:9"},
		{name: "a cloud's metadata", account: "one", address: "169.254.169.254:80", refused: true},
	} {
		ctx := ended // an allowed address passes the guard, but isn't dialled: this context has ended
		if c.refused {
			ctx = t.Context()
		}
		_, err := d.envs[c.account].Dialer.DialContext(ctx, "tcp", c.address)
		if err == nil || errors.Is(err, channels.ErrPrivateAddress) != c.refused {
			t.Errorf("%s: got %v, want that it is refused: %t", c.name, err, c.refused)
		}
	}
}

// call returns the status and the body of an answer.
func call(t *testing.T, method, url, body string) string {
	t.Helper()
	req := must(http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body)))(t)
	resp := must(emulator.NewClient().Do(req))(t)
	defer resp.Body.Close()
	text := must(io.ReadAll(resp.Body))(t)
	return strings.TrimSpace(resp.Status[:3]) + " " + string(text)
}
