package inspect_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge/analysis"
	"parley/bridge/setup"
	"parley/channels"
	"parley/channels/golden"
	"parley/cmd/parley/inspect"
	"parley/store"
	"parley/store/ai"
	"parley/store/storetest"
)

// bird is a channel whose check finds what its settings say.
type bird struct {
	channels.Channel // only Check is called
	config           channels.Config
	env              channels.Env
}

// Check implements channels.Checker.
func (b bird) Check(ctx context.Context) []channels.Finding {
	if err := b.env.Accept(ctx, channels.Fact{}); err == nil {
		return []channels.Finding{{What: "look", Text: "it can store facts"}}
	}
	if b.config["token"] != "r1ght" {
		return []channels.Finding{{What: "landing", Text: "The loft refuses the token.", Hint: "Ask its keeper for another."}}
	}
	return []channels.Finding{{OK: true, What: "landing", Text: "At " + b.config["host"] + "."}}
}

type blind struct{ channels.Channel }

func birds() []channels.Spec {
	fields := []channels.Field{{Name: "host", Default: "loft.test"}, {Name: "token", Secret: true}}
	return []channels.Spec{
		{Kind: "raven", Fields: fields, New: func(a channels.Account, env channels.Env) (channels.Channel, error) {
			if a.Config["host"] == "nowhere" {
				return nil, errors.New("raven: host: nowhere is no place")
			}
			return bird{config: a.Config, env: env}, nil
		}},
		{Kind: "owl", New: func(channels.Account, channels.Env) (channels.Channel, error) { return blind{}, nil }},
		{Kind: "dodo", New: func(channels.Account, channels.Env) (channels.Channel, error) { return blind{}, nil }},
	}
}

type chat []channels.Finding

// Check implements channels.Checker.
func (c chat) Check(context.Context) []channels.Finding { return c }

// switchboard is a surface that only finds people.
type switchboard struct{ err error }

// Lookup is a surface's.
func (s switchboard) Lookup(context.Context, string) (string, error) { return "U0ANN", s.err }

const healthy = `
agents: [{email: ann@acme.test, name: Ann, slack: U0ANN}]
teams: [{name: Support, members: [ann@acme.test], slack_channel: C0SUPPORT}]
accounts:
  - {name: rookery, kind: raven, team: Support, raven: {token: r1ght}}
  - {name: owlery, kind: owl, slack_channel: C0OWL}
`

const ill = `
agents:
  - {email: ann@acme.test, name: Ann, slack: U0ANN}
  - {email: ben@acme.test, name: Ben}
teams:
  - {name: Support, members: [ann@acme.test], teams_channel: "19:x@thread.tacv2"}
  - {name: Empty, slack_channel: C0EMPTY}
  - {name: Homeless}
accounts:
  - {name: refused, kind: raven, team: Support, mode: watch, raven: {token: wr0ng}}
  - {name: unset, kind: raven, team: Homeless, paused: true, raven: {host: nowhere}}
  - {name: alone, kind: owl, mode: trial, trial_to: [a@b.test]}
  - {name: extinct, kind: dodo, team: Support}
`

func TestDoctor(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	pool := configured(t, healthy, setup.Options{Specs: birds()})
	must(t, store.CheckMasterKey(ctx, pool, sealer(t, masterKey)))
	o := inspect.Options{Pool: pool, Sealer: sealer(t, store.NewMasterKey()+","+masterKey), Specs: birds(), // a new key is about to come first
		Surfaces: map[string]any{"slack": chat{{OK: true, What: "token", Text: "Works."}}}}
	report := inspect.Doctor(ctx, o)
	if report.IsBroken() {
		t.Error("a healthy system is called broken")
	}
	if checks, err := store.KeyChecks(ctx, pool); err != nil || len(checks) != 1 {
		t.Errorf("the doctor bound the database to a further key: %d, %v", len(checks), err)
	}
	var shown strings.Builder
	shown.WriteString("== healthy\n" + report.Text())

	pool = configured(t, ill, setup.Options{Specs: birds()})
	must(t, store.CheckMasterKey(ctx, pool, sealer(t, masterKey)))
	o.Pool, o.Specs = pool, birds()[:2]
	o.Surfaces = map[string]any{"slack": chat{{What: "scopes", Text: "chat:write is missing.", Hint: "Add it and install the app again."}}}
	journal(t, pool, store.NewEvent{AccountID: store.SystemAccount, ExternalID: "x", OrderKey: "x", Quarantine: "can't be read"})
	for _, a := range list(t, o) {
		if a.Name == "refused" {
			_, err := store.ReportAccount(ctx, pool, a.ID, "error", "The token was refused.", "Renew it.")
			must(t, err)
		}
	}
	_, err := pool.Exec(ctx, `
		WITH c AS (INSERT INTO contacts (id, name) VALUES (1, 'News') RETURNING id)
		INSERT INTO identities (id, account_id, key, contact_id, blocked)
		SELECT a.id, a.id, 'news@x.test', c.id, true FROM accounts AS a, c WHERE a.name = 'unset'`)
	must(t, err)
	_, err = pool.Exec(ctx, `INSERT INTO measure_due (conversations, since) VALUES ('{1}', clock_timestamp() - interval '3 hours 5 minutes')`)
	must(t, err)
	report = inspect.Doctor(ctx, o)
	if !report.IsBroken() {
		t.Error("a broken system is called healthy")
	}
	shown.WriteString("== ill\n" + report.Text())
	golden.Text(t, "testdata/doctor.txt", shown.String())
	if strings.Contains(shown.String(), "wrong\n") || strings.Contains(shown.String(), "r1ght") {
		t.Error("a secret is shown")
	}
}

func list(t *testing.T, o inspect.Options) []store.Account {
	t.Helper()
	accounts, err := store.ListAccounts(t.Context(), o.Pool)
	must(t, err)
	return accounts
}

// A machine whose clock disagrees with the database's is told of, whichever is ahead.
func TestDoctorOfTheMachinesClock(t *testing.T) {
	t.Parallel()
	o := inspect.Options{Pool: configured(t, healthy, setup.Options{Specs: birds()}), Sealer: sealer(t, masterKey), Specs: birds()}
	for off, want := range map[time.Duration]string{
		0:                "✓ machine's clock: agrees with the database's",
		3 * time.Hour:    "✗ machine's clock: it is 3h0m ahead of the database's",
		-2*time.Hour - 1: "✗ machine's clock: it is 2h0m behind the database's",
	} {
		o.Now = func() time.Time { return time.Now().Add(off) }
		if text := inspect.Doctor(t.Context(), o).Text(); !strings.Contains(text, want) {
			t.Errorf("off by %v, the doctor says:\n%s", off, text)
		}
	}
}

// muse is a model as a test says.
type muse analysis.Condition

// Probe implements inspect.Model.
func (m muse) Probe(context.Context) analysis.Condition { return analysis.Condition(m) }

// A model that can't be used is shown with what to do, and as nothing that is broken: all else goes on.
func TestDoctorOfTheModel(t *testing.T) {
	t.Parallel()
	pool := configured(t, healthy, setup.Options{Specs: birds()})
	refused := analysis.Condition{Status: analysis.Broken, Text: "The model's server doesn't accept the API key (401).", Hint: "Check the key."}
	for _, c := range []struct {
		model, reported analysis.Condition
		want            []string
	}{
		{analysis.Condition{Status: analysis.Working}, analysis.Condition{}, []string{"✓ model: it answers", "✓ condition: parley serve has not asked it yet"}},
		{refused, refused, []string{"! model: The model's server doesn't accept the API key (401).", "Check the key.", "! condition: since 20"}},
		{analysis.Condition{Status: analysis.Working}, analysis.Condition{Status: analysis.Waiting, Text: "It asks to wait.", Hint: "Nothing."}, []string{"✓ model: it answers", "UTC: It asks to wait."}},
	} {
		if c.reported.Status != "" {
			must(t, pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
				_, err := ai.Report(t.Context(), tx, ai.Condition{Status: string(c.reported.Status), Text: c.reported.Text, Hint: c.reported.Hint})
				return err
			}))
		}
		report := inspect.Doctor(t.Context(), inspect.Options{Pool: pool, Model: muse(c.model)})
		for _, want := range c.want {
			if text := report.Text(); !strings.Contains(text, want) {
				t.Errorf("without %q:\n%s", want, text)
			}
		}
		for _, s := range report.Sections {
			if s.Name == "analysis" && (inspect.Report{Sections: []inspect.Section{s}}).IsBroken() {
				t.Errorf("it is called broken: %+v", s)
			}
		}
	}
}

// An account that has used up its tokens of the day is named, with what to do.
func TestDoctorOfTokens(t *testing.T) {
	t.Parallel()
	pool := configured(t, healthy, setup.Options{Specs: birds()})
	o := inspect.Options{Pool: pool}
	for _, a := range list(t, o) {
		limit := map[string]int{"rookery": 100, "owlery": 5000}[a.Name]
		if limit > 0 {
			_, _, err := ai.ReserveTokens(t.Context(), pool, a.ID, 4000, limit)
			must(t, err)
		}
	}
	text := inspect.Doctor(t.Context(), o).Text()
	for _, want := range []string{"! tokens of rookery: 0 today; the limit of a day left 1 question unasked", "raise ai_tokens_a_day", "✓ tokens of owlery: 4000 today"} {
		if !strings.Contains(text, want) {
			t.Errorf("without %q:\n%s", want, text)
		}
	}
}

// Each fault of the database itself, alone.
func TestDoctorDatabase(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var shown strings.Builder
	for _, c := range []struct {
		name, sql string
		key       string // "" if none is set
		bound     bool   // the database belongs to masterKey
		healthy   bool
	}{
		{name: "not bound to a key", key: masterKey, healthy: true},
		{name: "no key"},
		{name: "another key", key: store.NewMasterKey(), bound: true},
		{name: "moved clock", sql: `UPDATE clock SET ahead = '25 hours'`, key: masterKey},
		{name: "not migrated", sql: `DROP TABLE goose_db_version`, key: masterKey},
	} {
		pool := storetest.DB(t)
		o := inspect.Options{Pool: pool}
		if c.key != "" {
			o.Sealer = sealer(t, c.key)
		}
		if c.bound {
			must(t, store.CheckMasterKey(ctx, pool, sealer(t, masterKey)))
		}
		if c.sql != "" {
			_, err := pool.Exec(ctx, c.sql)
			must(t, err)
		}
		report := inspect.Doctor(ctx, o)
		if report.IsBroken() == c.healthy {
			t.Errorf("%s: got broken %t, want %t", c.name, report.IsBroken(), !c.healthy)
		}
		shown.WriteString("== " + c.name + "\n" + report.Text())
		if bound, err := store.HasMasterKey(ctx, pool); err != nil || bound != c.bound {
			t.Errorf("%s: after the doctor the database is bound to a key: %t, %v; want %t", c.name, bound, err, c.bound)
		}
	}
	golden.Text(t, "testdata/doctor_database.txt", shown.String())
}

// Two chats in one set-up: each is examined for itself, and people are missed where their
// team's threads are.
func TestDoctorOfTwoChats(t *testing.T) {
	t.Parallel()
	pool := configured(t, `
agents:
  - {email: ann@acme.test, name: Ann, slack: U0ANN, teams: "11111111-2222-4333-8444-555555555555"}
  - {email: ben@acme.test, name: Ben, slack: U0BEN}
teams: [{name: Support, members: [ann@acme.test, ben@acme.test], slack_channel: C1, teams_channel: "19:x@thread.tacv2", home: teams}]
accounts: [{name: rookery, kind: raven, team: Support, raven: {token: r1ght}}]
`, setup.Options{Specs: birds()})
	must(t, store.CheckMasterKey(t.Context(), pool, sealer(t, masterKey)))
	report := inspect.Doctor(t.Context(), inspect.Options{Pool: pool, Sealer: sealer(t, masterKey), Specs: birds(), Surfaces: map[string]any{
		"slack": chat{{OK: true, What: "token", Text: "Works."}}, "teams": chat{{What: "secret", Text: "It has expired.", Hint: "Make another one."}}}})
	golden.Text(t, "testdata/doctor_two_chats.txt", report.Text())
}

// A surface without a check of its own is asked for a person.
func TestDoctorAsksSurface(t *testing.T) {
	t.Parallel()
	pool := configured(t, healthy, setup.Options{Specs: birds()})
	for _, want := range []error{nil, errors.New("chat: invalid_auth")} {
		report := inspect.Doctor(t.Context(), inspect.Options{Pool: pool, Sealer: sealer(t, masterKey), Specs: birds(),
			Surfaces: map[string]any{"slack": switchboard{want}}})
		if report.IsBroken() != (want != nil) || strings.Contains(report.Text(), "invalid_auth") != (want != nil) {
			t.Errorf("with %v:\n%s", want, report.Text())
		}
	}
}

// couple ends its check only while another one runs.
type couple struct {
	channels.Channel
	meet chan struct{}
}

// Check implements channels.Checker.
func (c couple) Check(ctx context.Context) []channels.Finding {
	select {
	case c.meet <- struct{}{}:
	case <-c.meet:
	case <-ctx.Done():
		return []channels.Finding{{What: "company", Text: "none came"}}
	}
	return []channels.Finding{{OK: true, What: "company"}}
}

// A slow server of one account doesn't hold up the others: they are examined side by side.
func TestDoctorSideBySide(t *testing.T) {
	t.Parallel()
	meet := make(chan struct{})
	specs := []channels.Spec{{Kind: "dove", New: func(channels.Account, channels.Env) (channels.Channel, error) { return couple{meet: meet}, nil }}}
	pool := configured(t, `
teams: [{name: T, slack_channel: C1}]
accounts: [{name: one, kind: dove, team: T}, {name: two, kind: dove, team: T}]`, setup.Options{Specs: specs})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	report := inspect.Doctor(ctx, inspect.Options{Pool: pool, Sealer: sealer(t, masterKey), Specs: specs, Surfaces: map[string]any{"slack": nil}})
	if strings.Contains(report.Text(), "none came") {
		t.Error("checks wait for each other")
	}
}
