package setup

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/channels/golden"
	"parley/store"
	"parley/store/storetest"
)

const acme = `
company: Acme
agents:
  - {email: ann@acme.test, name: Ann Lee, slack: U0ANN, teams: "AAAAAAAA-2222-4333-8444-555555555555", roles: [admin], zone: Europe/Berlin}
  - {email: ben@acme.test, name: Ben, slack: U0BEN}
teams:
  - {name: Support, members: [ann@acme.test, ben@acme.test], slack_channel: C0SUPPORT, teams_channel: "19:abc@thread.tacv2", ` +
	`home: slack, emoji: {":shipit:": resolve, eyes: none}}
accounts:
  - name: home-loft
    kind: pigeon
    team: Support
    hold: 20s
    settings: {confirm_send: "off"}
    loft:
      address: help@acme.test
      aliases: [billing@acme.test, sales@acme.test]
      in: {host: loft.acme.test, port: 1993, password: "${LOFT_PASSWORD}"}
      out: {deep: {password: "${OUT}"}}
  - {name: rookery, kind: raven, mode: trial, trial_to: ["+15550100"], slack_channel: C0ROOK, raven: {number: +15550199}}
`

// applyAcme applies acme with values for its variables.
func applyAcme(t testing.TB, pool *pgxpool.Pool, o Options) Result {
	t.Helper()
	return apply(t, pool, acme, o, "LOFT_PASSWORD=tops3cret", "OUT=0ther")
}

// acmeApplied returns a new database to which acme was applied.
func acmeApplied(t testing.TB, o Options) *pgxpool.Pool {
	t.Helper()
	pool := storetest.Reused(t)
	applyAcme(t, pool, o)
	return pool
}

// wantEqual checks one value, which what names.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// Everything that a file can say is stored.
// Requirement R-013: Each account is set up on its own.
// Requirement R-124: Teams with members and channels.
func TestApply(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	golden.Text(t, "testdata/apply_new.txt", applyAcme(t, pool, options(t)).Text())

	d := directory(t, pool)
	if len(d.Teams) != 1 {
		t.Fatalf("got %d teams, want Support alone: %+v", len(d.Teams), d.Teams)
	}
	support := d.Teams[0]

	t.Run("company, people and teams", func(t *testing.T) {
		wantEqual(t, "company", d.Company, "Acme")
		wantEqual(t, "users of agents", len(d.Users), 3) // Ann's in both chats, Ben's in one
		if len(d.Agents) != 2 {
			t.Fatalf("got %d agents, want Ann and Ben: %+v", len(d.Agents), d.Agents)
		}
		if want := []store.AgentID{d.Agents[0].ID, d.Agents[1].ID}; !slices.Equal(support.Members, want) {
			t.Errorf("members of Support: got %v, want %v", support.Members, want)
		}
	})

	t.Run("channels of a team", func(t *testing.T) {
		wantEqual(t, "number of channels", len(d.Channels), 2)
		for _, c := range d.Channels {
			wantEqual(t, c.Channel+" is the home", c.Home, c.Channel == "C0SUPPORT")
		}
	})

	t.Run("an account with a place of its own", func(t *testing.T) {
		slack, rookery := accountNamed(t, pool, "slack"), accountNamed(t, pool, "rookery")
		wantEqual(t, "side of slack", slack.Side, "surface")
		wantEqual(t, "kind of slack", slack.Kind, "slack")
		if rookery.SurfaceID == nil {
			t.Fatal("rookery has no surface, want slack")
		}
		wantEqual(t, "surface of rookery", *rookery.SurfaceID, slack.ID)
		wantEqual(t, "channel of rookery", rookery.SurfaceChannel, "C0ROOK")
	})

	t.Run("an account on trial, with defaults", func(t *testing.T) {
		rookery := accountNamed(t, pool, "rookery")
		wantEqual(t, "mode", rookery.Mode, "trial")
		wantEqual(t, "rate", rookery.Rate, 1)
		if want := []string{"+15550100"}; !slices.Equal(rookery.TrialTo, want) {
			t.Errorf("whom it writes to on trial: got %q, want %q", rookery.TrialTo, want)
		}
		if rookery.Secrets != nil {
			t.Errorf("got secrets of %d bytes, want none", len(rookery.Secrets))
		}
		if rookery.HoldSeconds != nil {
			t.Errorf("hold: got %v s, want the default", *rookery.HoldSeconds)
		}
	})

	t.Run("an account of a team, with a hold", func(t *testing.T) {
		home := accountNamed(t, pool, "home-loft")
		if home.TeamID == nil {
			t.Fatal("home-loft has no team, want Support")
		}
		wantEqual(t, "team", *home.TeamID, support.ID)
		if home.HoldSeconds == nil {
			t.Fatal("home-loft has the default hold, want 20 s")
		}
		wantEqual(t, "hold in seconds", *home.HoldSeconds, 20)
		wantEqual(t, "mode", home.Mode, "live")
		wantEqual(t, "reply mode", home.ReplyMode, "direct")
	})
}

// Secrets are stored sealed. They can be opened only for their account and with their master key.
func TestSecretsAreSealed(t *testing.T) {
	t.Parallel()
	home := accountNamed(t, acmeApplied(t, options(t)), "home-loft")
	const secret = "s3cret" // a part of the password
	wantEqual(t, "the password is in the open in the fields", strings.Contains(string(home.Config), secret), false)
	wantEqual(t, "the password is in the open in the secrets", strings.Contains(string(home.Secrets), secret), false)

	otherKey := must(store.NewSealer(store.NewMasterKey()))(t)
	if _, err := OpenConfig(home, otherKey, loft()); err == nil {
		t.Error("another master key opens the secrets, want an error")
	}

	otherAccount := home
	otherAccount.Name = "rookery"
	if _, err := OpenConfig(otherAccount, sealer(t), loft()); err == nil {
		t.Error("the secrets open for another account, want an error")
	}
}

// Each file changes one thing. The golden file shows what the person who applies it reads.
func TestApplyChanges(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Lookup = workspace{channels: map[string]string{
		"slack #night":                "C0NIGHT",
		"teams 19:known@thread.tacv2": "19:known@thread.tacv2",
		"teams #Night shift":          "19:night@thread.tacv2",
	}, users: map[string]string{"slack eve@acme.test": "U0EVE"}}

	steps := []struct{ name, raw string }{
		{"hold", `accounts: [{name: home-loft, hold: 30s}]`},
		{"hold back to default", `accounts: [{name: home-loft, hold: ""}]`},
		{"secret not given", `accounts: [{name: home-loft, loft: {sender_name: Acme Support}}]`},
		{"secret changed", `accounts: [{name: home-loft, loft: {in: {password: n3w}}}]`},
		{"secret the same", `accounts: [{name: home-loft, loft: {in: {password: n3w}}}]`},
		{"secret cleared", `accounts: [{name: home-loft, loft: {out: {deep: {password: ""}}}}]`},
		{"secret added", `accounts: [{name: rookery, raven: {token: t0ken}}]`},
		{"list and long text",
			"accounts:\n  - name: home-loft\n    signature: |\n" +
				"      Kind regards\n      " + strings.Repeat("Acme ", 20) + "\n    loft: {aliases: []}\n"},
		{"settings", `accounts: [{name: home-loft, paused: true, mode: watch, reply_mode: explicit, rate: 0.5, settings: {confirm_send: on, receipts: sent}}]`},
		{"hours",
			`accounts: [{name: home-loft, hours: {zone: Europe/Berlin, week: {mon-fri: "9:00-12:30, 13:30-17:30", "sat,sun": closed},` +
				` holidays: [2026-12-25]}}]`},
		{"file limits", `accounts: [{name: home-loft, settings: {file_limits: "image 5MB, document 10 MB"}}]`},
		{"tokens", `accounts: [{name: home-loft, settings: {ai_tokens_a_day: 200000}}]`},
		{"nobody begins conversations", `accounts: [{name: rookery, settings: {outgoing: false}}]`},
		{"hours again",
			`accounts: [{name: home-loft, hours: {zone: Europe/Berlin, week: {mon-fri: "10:00-17:30"}}}, {name: rookery, hours: {zone: UTC, ` +
				`week: {mon-sun: "00:00-24:00"}}}]`},
		{"always open", `accounts: [{name: rookery, hours: {}}]`},
		{"one setting", `accounts: [{name: home-loft, settings: {confirm_send: ""}}]`},
		{"settings of all accounts", `settings: {confirm_send: on, receipts: sent}`},
		{"one of them back to its default", `settings: {confirm_send: ""}`},
		{"account to the team's channel", `accounts: [{name: rookery, team: Support, slack_channel: ""}]`},
		{"a channel's link in Slack", `accounts: [{name: rookery, slack_channel: "https://acme.slack.com/archives/C0LINK1"}]`},
		{"account to another place", `accounts: [{name: rookery, teams_channel: "19:x@thread.tacv2"}]`},
		{"channel known by its id", `accounts: [{name: rookery, teams_channel: "19:known@thread.tacv2"}]`},
		{"a channel's link",
			`accounts: [{name: rookery, ` +
				`teams_channel: "https://teams.microsoft.com/l/channel/19%3Alink_1%40thread.tacv2/Customers?groupId=g&tenantId=t"}]`},
		{"a channel's name", `accounts: [{name: rookery, teams_channel: "#Night shift"}]`},
		{"account of no team", `accounts: [{name: rookery, team: ""}]`},
		{"company", `company: Acme & Sons`},
		{"agent", `agents: [{email: Ann@acme.test, name: Ann Lee-Kay, roles: [agent, admin], zone: ""}]`},
		{"new agent found by e-mail", `agents: [{email: eve@acme.test, name: Eve}]`},
		{"agent in both chats", `agents: [{email: eve@acme.test, teams: "ABCDEF01-2222-4333-8444-555555555555"}, {email: ben@acme.test, teams: ""}]`},
		{"new agent unknown to all", `agents: [{email: joe@acme.test, name: Joe}]`},
		{"user moves", `agents: [{email: joe@acme.test, slack: U0BEN}]`},
		{"user taken away", `agents: [{email: joe@acme.test, slack: ""}]`},
		{"members", `teams: [{name: Support, members: [eve@acme.test]}]`},
		{"home", `teams: [{name: Support, home: teams}]`},
		{"channel by name", `teams: [{name: Support, slack_channel: "#night"}]`},
		{"one channel less", `teams: [{name: Support, teams_channel: ""}]`},
		{"names in other letters", "teams: [{name: SUPPORT, members: [EVE@acme.test]}]\naccounts: [{name: Home-Loft, team: support}]"},
		{"hardly meant", `accounts: [{name: lonely, kind: raven, mode: trial}]`},
		{"empty team", `teams: [{name: Empty}]`},
	}

	pool := acmeApplied(t, o)
	var shown strings.Builder
	for _, step := range steps {
		shown.WriteString("== " + step.name + "\n" + apply(t, pool, step.raw, o).Text())
		if again := apply(t, pool, step.raw, o); len(again.Changes) > 0 {
			t.Errorf("%s: the second time:\n%s", step.name, again.Text())
		}
	}
	if strings.Contains(shown.String(), "n3w") || strings.Contains(shown.String(), "t0ken") {
		t.Error("a secret is shown")
	}

	golden.Text(t, "testdata/apply_changes.txt", shown.String())
	surfaces := directory(t, pool).Accounts
	slack := surfaces[slices.IndexFunc(surfaces, func(a store.Account) bool { return a.Kind == "slack" })].ID

	// Slack has changed a channel's id, and the file still has a former one.
	for _, former := range []string{"C0NIGHT", "C0OLD"} {
		check(t, store.BeginMove(t.Context(), pool, slack, former, "C0MOVED"))
		old := `teams: [{name: Support, slack_channel: ` + former + `}]`
		if got := apply(t, pool, old, o); len(got.Changes) > 0 || !strings.Contains(got.Text(), former+" is C0MOVED by now") {
			t.Errorf("a file with a channel's former id:\n%s", got.Text())
		}
	}

	o.Specs = specs()[1:]
	if got := apply(t, pool, `accounts: [{name: home-loft, paused: false}]`, o); len(got.Changes) != 1 {
		t.Errorf("an account of another version's channel: %s", got.Text())
	}

	config, err := OpenConfig(accountNamed(t, pool, "home-loft"), sealer(t), loft())
	if err != nil || config["in.password"] != "n3w" || config["out.deep.password"] != "" || config["address"] != "help@acme.test" {
		t.Errorf("in the end: %v %v", config, err)
	}
}

func TestApplyRefuses(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Lookup = workspace{}
	files := []struct{ name, raw string }{
		{"kinds", "accounts:\n  - {name: wa, kind: whatsapp, whatsapp: {phone_number_id: 1}}\n  - {name: new}\n  - {name: home-loft, kind: raven}"},
		{"fields",
			"accounts:\n  - name: new\n    kind: pigeon\n    pigeon: {address: a}\n  - name: new2\n    kind: pigeon\n" +
				"    loft: {adress: s3cret, aliases: s3cret, in: {host: [a], security: s3cret, password: \"\"}}\n"},
		{"required may not be cleared", `accounts: [{name: home-loft, loft: {address: "", in: {password: ""}}}]`},
		{"list entries", `accounts: [{name: home-loft, loft: {aliases: ["a@b\nc@d"]}}]`},
		{"people", "agents: [{email: new@acme.test}]\nteams: [{name: T, members: [nobody@acme.test]}]\naccounts: [{name: rookery, team: Suport}]"},
		{"home", "teams:\n  - {name: A, slack_channel: C1, teams_channel: 19:x@thread.tacv2}\n  - {name: B, slack_channel: C1, home: teams}\n"},
		{"names", `teams: [{name: Support, slack_channel: "#nowhere"}]`},
		{"long names", "teams:\n  - {name: " + strings.Repeat("Ü", 60) + "}\n  - {name: " + strings.Repeat("Ü", 61) + "}\n"},
	}

	pool := acmeApplied(t, o)
	var shown strings.Builder
	for _, f := range files {
		shown.WriteString("== " + f.name + "\n" + refused(t, pool, f.raw, o))
	}

	o.Lookup = nil
	shown.WriteString("== names without a lookup\n" + refused(t, pool, `teams: [{name: Support, slack_channel: "#support"}]`, o))

	o.Lookup = workspace{err: errOffline}
	shown.WriteString("== names while offline\n" + refused(t, pool, `teams: [{name: Support, slack_channel: "#support"}]`, o))
	shown.WriteString("== people while offline\n" + apply(t, pool, `agents: [{email: joe@acme.test, name: Joe}]`, o).Text())

	if strings.Contains(shown.String(), "s3cret") {
		t.Error("a message quotes a value")
	}
	golden.Text(t, "testdata/apply_refused.txt", shown.String())
}

// If several people apply the same file at once, one of them changes everything, and the others find nothing to do.
func TestApplyAtOnce(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	o := options(t)
	file := parse(t, acme, "LOFT_PASSWORD=a", "OUT=b")

	const appliers = 4
	changes := make(chan int)
	for range appliers {
		go func() {
			got, err := Apply(context.Background(), pool, file, o)
			if err != nil {
				t.Error(err)
			}
			changes <- len(got.Changes)
		}()
	}

	changed := 0
	for range appliers {
		if storetest.Receive(t, changes, "each has applied the file") > 0 {
			changed++
		}
	}
	wantEqual(t, "how many changed something", changed, 1)

	d := directory(t, pool)
	wantEqual(t, "accounts", len(d.Accounts), 5)
	wantEqual(t, "version of the settings", d.Version, 2)
}
