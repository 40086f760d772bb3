package operate_test

import (
	"log/slog"
	"slices"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/bridge/setup"
	"parley/cmd/parley/app"
	"parley/cmd/parley/lab"
	"parley/cmd/parley/operate"
	"parley/store/storetest"
)

// These tests are about which people of a team's channel become agents of the team. openWorkspace makes an emulated
// Slack with the channel #support, in which all its people are, and a Keeper that looks at it. Ann is an admin, and
// the team has no members yet.

// workspace is a team's channel in Slack, beside a Parley that looks at it.
type workspace struct {
	t      *testing.T
	slack  *slackfake.Server
	db     *app.Database
	keeper *operate.RosterKeeper

	// Each is called once: when the keeper takes the chat, and while the chat lists members. They may be nil.
	whileTaking, whileListing func()
}

const support = lab.Support

func openWorkspace(t *testing.T, o slackfake.Options) *workspace {
	t.Helper()
	o.Users = append(lab.SlackPeople(), o.Users...)
	w := &workspace{t: t, slack: slackfake.New(o)}
	members := []string{w.slack.BotUserID()}
	for _, u := range o.Users {
		members = append(members, u.ID)
	}

	w.slack.Admin.AddChannel(slackfake.Channel{ID: support, Name: "support", Members: members})
	storetest.Check(t, w.slack.Start("127.0.0.1:0"))
	t.Cleanup(func() { _ = w.slack.Close() })

	env := app.Env{
		DatabaseURL:   storetest.Reused(t).Config().ConnString(),
		Data:          t.TempDir(),
		SlackAPIURL:   w.slack.APIURL(),
		SlackBotToken: w.slack.BotToken(),
		SlackAppToken: w.slack.AppToken(),
	}

	w.db = openDatabase(t, env)
	w.keeper = w.newKeeper(env)
	w.apply(`agents: [{email: ann@acme.test, name: Ann Lee, roles: [admin]}]
teams: [{name: Support, members: [], slack_channel: ` + support + `}]`)
	return w
}

func openDatabase(t *testing.T, env app.Env) *app.Database {
	t.Helper()
	db := storetest.Must(app.OpenDatabase(t.Context(), env, slog.New(slog.DiscardHandler), func(string) {}))(t)
	t.Cleanup(db.Close)
	storetest.Check(t, db.Migrate(t.Context(), env))
	return db
}

func (w *workspace) newKeeper(env app.Env) *operate.RosterKeeper {
	w.t.Helper()
	l := storetest.Must(app.NewLookup(w.t.Context(), env, w.db, slog.New(slog.DiscardHandler), true))(w.t)
	return operate.NewRoster(operate.RosterOptions{
		Pool:   w.db.Pool,
		Sealer: w.db.Sealer,
		Specs:  app.Specs(),
		Log:    slog.New(slog.DiscardHandler),
		Surface: func(kind string) bridge.Surface {
			callOnce(&w.whileTaking)
			s, _ := l.Surfaces()[kind].(bridge.Surface)
			if r, ok := s.(bridge.Roster); ok {
				return slowRoster{Surface: s, Roster: r, w: w}
			}
			return s
		},
	})
}

// apply changes the set-up.
func (w *workspace) apply(yaml string) {
	w.t.Helper()
	w.applyWith(yaml, setup.Options{Sealer: w.db.Sealer, Specs: app.Specs()})
}

// applyWhole changes the set-up, and takes out everything that isn't in the file.
func (w *workspace) applyWhole(yaml string) {
	w.t.Helper()
	w.applyWith(yaml, setup.Options{Sealer: w.db.Sealer, Specs: app.Specs(), Prune: true})
}

func (w *workspace) applyWith(yaml string, o setup.Options) {
	w.t.Helper()
	file := storetest.Must(setup.Parse([]byte(yaml), func(string) (string, bool) { return "", false }))(w.t)
	storetest.Must(setup.Apply(w.t.Context(), w.db.Pool, file, o))(w.t)
}

// join lets somebody come into the channel.
func (w *workspace) join(u slackfake.User) {
	w.t.Helper()
	w.slack.Admin.AddUser(u)
	storetest.Check(w.t, w.slack.Admin.Invite(support, u.ID, lab.Ann))
}

// list returns the people of the channel, as an admin sees them.
func (w *workspace) list() operate.List {
	w.t.Helper()
	return storetest.Must(w.keeper.List(w.t.Context(), "Support", "slack", nil))(w.t)
}

// find returns somebody of the channel by the id in Slack.
func (w *workspace) find(user bridge.SurfaceUser) operate.Person {
	w.t.Helper()
	people := w.list().People
	i := slices.IndexFunc(people, func(p operate.Person) bool { return p.User == user })
	if i < 0 {
		w.t.Fatalf("%s is not listed in the channel", user)
	}
	return people[i]
}

// decide returns the decision of an admin who looks at the members now: some are chosen, and the others are left out.
// People who come later join the team.
func (w *workspace) decide(chosen ...bridge.SurfaceUser) operate.Decision {
	w.t.Helper()
	l := w.list()
	d := operate.Decision{Team: "Support", Kind: "slack", Channel: l.Channel, Chosen: chosen, Follow: true}
	for _, p := range l.People {
		d.Listed = append(d.Listed, p.User)
	}
	return d
}

// confirm lets an admin choose members now, and returns how many joined the team. People who come later join by
// themselves.
func (w *workspace) confirm(chosen ...bridge.SurfaceUser) (joined int) {
	w.t.Helper()
	return w.mustConfirm(w.decide(chosen...))
}

func (w *workspace) mustConfirm(d operate.Decision) (joined int) {
	w.t.Helper()
	return storetest.Must(w.keeper.Confirm(w.t.Context(), setup.Author{Name: "ann@acme.test"}, d))(w.t)
}

// addNewcomers looks at the channels once, as Parley does from time to time.
func (w *workspace) addNewcomers() {
	w.t.Helper()
	storetest.Check(w.t, w.keeper.AddNewcomers(w.t.Context()))
}

// wantTeam checks the addresses of the team's members.
func (w *workspace) wantTeam(when string, want ...string) {
	w.t.Helper()
	entries := storetest.Must(setup.Entries(w.t.Context(), w.db.Pool, app.Specs()))(w.t)
	i := slices.IndexFunc(entries, func(e setup.Entry) bool { return e.Kind == setup.EntryTeam })
	if i < 0 {
		w.t.Fatal("the set-up has no team")
	}
	got := slices.Sorted(slices.Values(entries[i].Values["members"]))
	if !slices.Equal(got, want) {
		w.t.Errorf("%s: the team has %q, want %q", when, got, want)
	}
}
