package operate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/setup"
	"parley/channels"
	"parley/channels/golden"
	"parley/cmd/parley/operate"
	"parley/store"
	"parley/store/storetest"
)

// The tests of the doctor apply a parley.yaml to a database of their own (configured), and let the doctor examine it.
// Channels and chats are the fakes of fakes_test.go.

// healthySetup is a set-up without faults, as long as Slack works.
const healthySetup = `
agents: [{email: ann@acme.test, name: Ann, slack: U0ANN}]
teams: [{name: Support, members: [ann@acme.test], slack_channel: C0SUPPORT}]
accounts:
  - {name: rookery, kind: raven, team: Support, raven: {token: ` + goodToken + `}}
  - {name: owlery, kind: owl, slack_channel: C0OWL}
`

// brokenSetup has each kind of fault that a set-up can have. Its channel kind "dodo" is known when it is applied, but not
// when it is examined.
const brokenSetup = `
agents:
  - {email: ann@acme.test, name: Ann, slack: U0ANN}
  - {email: ben@acme.test, name: Ben}
teams:
  - {name: Support, members: [ann@acme.test], teams_channel: "19:x@thread.tacv2"}
  - {name: Empty, slack_channel: C0EMPTY}
  - {name: Homeless}
accounts:
  - {name: refused, kind: raven, team: Support, mode: watch, raven: {token: ` + badToken + `}}
  - {name: unset, kind: raven, team: Homeless, paused: true, raven: {host: nowhere}}
  - {name: alone, kind: owl, mode: trial, trial_to: [a@b.test]}
  - {name: extinct, kind: dodo, team: Support}
`

// newOptions returns the options for examining a database with the healthy set-up and a working Slack.
func newOptions(t *testing.T) operate.Options {
	t.Helper()
	return operate.Options{
		Pool:     configured(t, healthySetup, setup.Options{Specs: testSpecs()}),
		Sealer:   sealer(t, masterKey),
		Specs:    testSpecs(),
		Surfaces: map[string]any{"slack": workingSurface()},
	}
}

// bindKey binds the database to masterKey, as parley serve does.
func bindKey(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	inspectCheck(t, store.CheckMasterKey(t.Context(), pool, sealer(t, masterKey)))
}

// findAccount returns the account with this name.
func findAccount(t *testing.T, pool *pgxpool.Pool, name string) store.Account {
	t.Helper()
	accounts := must(store.ListAccounts(t.Context(), pool))(t)
	for _, a := range accounts {
		if a.Name == name {
			return a
		}
	}
	t.Fatalf("there is no account %q", name)
	return store.Account{}
}

// checkHas checks that a report has each of these texts.
func checkHas(t *testing.T, report operate.InspectReport, want ...string) {
	t.Helper()
	text := report.Text()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("the report lacks %q:\n%s", w, text)
		}
	}
}

// checkSectionWorks checks that one section of a report has no fault.
func checkSectionWorks(t *testing.T, report operate.InspectReport, name string) {
	t.Helper()
	for _, s := range report.Sections {
		if s.Name == name && (operate.InspectReport{Sections: []operate.Section{s}}).IsBroken() {
			t.Errorf("the section %q is called broken: %+v", name, s)
		}
	}
}

func TestDoctorOfAHealthySystem(t *testing.T) {
	t.Parallel()
	o := newOptions(t)
	bindKey(t, o.Pool)

	report := operate.Doctor(t.Context(), o)

	if report.IsBroken() {
		t.Error("a healthy system is called broken")
	}
	golden.Text(t, "testdata/doctor_healthy.txt", report.Text())
	if strings.Contains(report.Text(), goodToken) {
		t.Error("the report shows a secret")
	}
}

// A channel in which too many conversations begin is named.
// Requirement R-253: A board for each channel.
func TestDoctorOfACrowdedChannel(t *testing.T) {
	t.Parallel()
	o := newOptions(t)
	storetest.Exec(t, o.Pool, `
		INSERT INTO conversations (id, account_id, kind, status, last_at, created_at)
		SELECT n, 1, 'customer', 'open', parley_now(), parley_now() FROM generate_series(1, 151) AS n`)
	storetest.Exec(t, o.Pool, `
		INSERT INTO threads (conversation_id, account_id, channel, root)
		SELECT id, one.account_id, one.channel, id FROM conversations CROSS JOIN (SELECT * FROM team_channels LIMIT 1) AS one`)

	report := operate.Doctor(t.Context(), o).Text()

	if want := "151 new conversations on one day in its channel"; !strings.Contains(report, want) {
		t.Errorf("the report lacks %q:\n%s", want, report)
	}
}

// While the master key is being replaced, the new key is listed before the old one. The doctor must not bind the database
// to the new key.
func TestDoctorBindsNoFurtherKey(t *testing.T) {
	t.Parallel()
	o := newOptions(t)
	bindKey(t, o.Pool)
	o.Sealer = sealer(t, store.NewMasterKey()+","+masterKey)

	report := operate.Doctor(t.Context(), o)

	if report.IsBroken() {
		t.Errorf("a healthy system is called broken:\n%s", report.Text())
	}
	checks := must(store.KeyChecks(t.Context(), o.Pool))(t)
	if len(checks) != 1 {
		t.Errorf("the database is bound to %d keys, want 1", len(checks))
	}
}

func TestDoctorOfABrokenSystem(t *testing.T) {
	t.Parallel()
	withDodos := append(testSpecs(), channels.Spec{Kind: "dodo", New: newUnchecked})
	o := operate.Options{
		Pool:   configured(t, brokenSetup, setup.Options{Specs: withDodos}),
		Sealer: sealer(t, masterKey),
		Specs:  testSpecs(),
		Surfaces: map[string]any{"slack": checkedSurface{
			{What: "scopes", Text: "chat:write is missing.", Hint: "Add it and install the app again."},
		}},
	}
	bindKey(t, o.Pool)
	journal(t, o.Pool, store.NewEvent{AccountID: store.SystemAccount, ExternalID: "x", OrderKey: "x", Quarantine: "can't be read"})
	must(store.ReportAccount(t.Context(), o.Pool, findAccount(t, o.Pool, "refused").ID, "error", "The token was refused.", "Renew it."))(t)
	must(store.ReportAccount(t.Context(), o.Pool, findAccount(t, o.Pool, "unset").ID, "error", "From before the account was paused.", ""))(t)
	stopSenders(t, o.Pool, findAccount(t, o.Pool, "unset").ID, "news@x.test", "ads@x.test")
	delayFigures(t, o.Pool)

	report := operate.Doctor(t.Context(), o)

	if !report.IsBroken() {
		t.Error("a broken system is called healthy")
	}
	golden.Text(t, "testdata/doctor_broken.txt", report.Text())
	if strings.Contains(report.Text(), badToken) {
		t.Error("the report shows a secret")
	}
}

// stopSenders has an account ignore the automatic mail of the first sender, and keep that of the second one without
// posting it.
func stopSenders(t *testing.T, pool *pgxpool.Pool, account store.AccountID, blocked, silenced string) {
	t.Helper()
	must(pool.Exec(t.Context(), `INSERT INTO contacts (id, name) VALUES (1, 'News')`))(t)
	must(pool.Exec(t.Context(), `
		INSERT INTO identities (id, account_id, key, contact_id, blocked, silenced)
		VALUES ($1, $1, $2, 1, true, false), ($1 + 1, $1, $3, 1, false, true)`, account, blocked, silenced))(t)
}

// delayFigures adds a conversation that has been waiting for three hours to be counted.
func delayFigures(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	must(pool.Exec(t.Context(), `
		INSERT INTO measure_due (conversations, since)
		VALUES ('{1}', clock_timestamp() - interval '3 hours 5 minutes')`))(t)
}

// The doctor reports if the machine's clock disagrees with the database's, in either direction.
func TestDoctorOfTheMachinesClock(t *testing.T) {
	t.Parallel()
	o := newOptions(t)
	for _, tt := range []struct {
		name  string
		ahead time.Duration // of this machine's clock
		want  string
	}{
		{name: "agrees", ahead: 0, want: "✓ machine's clock: agrees with the database's"},
		{name: "ahead", ahead: 3 * time.Hour, want: "✗ machine's clock: it is 3h0m ahead of the database's"},
		{name: "behind", ahead: -2 * time.Hour, want: "✗ machine's clock: it is 2h0m behind the database's"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := o
			o.Now = func() time.Time { return time.Now().Add(tt.ahead) }
			checkHas(t, operate.Doctor(t.Context(), o), tt.want)
		})
	}
}

// If an agent's id in the chat is wrong, the doctor names the agent, since what she types there stays inside.
func TestDoctorNamesUsersWhomTheChatLacks(t *testing.T) {
	t.Parallel()
	o := newOptions(t)
	o.Surfaces = map[string]any{"slack": censusSurface{workingSurface(), []store.SurfaceUser{"U0ANN"}}}
	checkHas(t, operate.Doctor(t.Context(), o),
		"! agents: it has nobody by these ids, so what these agents write there stays inside: ann@acme.test (U0ANN)")
}
