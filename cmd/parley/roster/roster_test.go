package roster_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bot/teams/teamsfake"
	"parley/bridge"
	"parley/bridge/setup"
	"parley/cmd/parley/app"
	"parley/cmd/parley/lab"
	"parley/cmd/parley/roster"
	"parley/store/storetest"
)

// workspace is a team's channel in Slack, beside a Parley that looks at it.
type workspace struct {
	t      *testing.T
	slack  *slackfake.Server
	db     *app.Database
	keeper *roster.Keeper

	asking, listing func() // what happens once, when the keeper takes the chat, and while the chat lists members; may be nil
}

const bots, support = "B0HELPER", lab.Support

func open(t *testing.T, o slackfake.Options) *workspace {
	t.Helper()
	o.Users = append(lab.SlackPeople(), o.Users...)
	w := &workspace{t: t, slack: slackfake.New(o)}
	members := []string{w.slack.BotUserID()}
	for _, u := range o.Users {
		members = append(members, u.ID)
	}
	w.slack.Admin.AddChannel(slackfake.Channel{ID: support, Name: "support", Members: members})
	if err := w.slack.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.slack.Close() })
	env := app.Env{DatabaseURL: storetest.URL(t), Data: t.TempDir(), SlackAPIURL: w.slack.APIURL(), SlackBotToken: w.slack.BotToken(), SlackAppToken: w.slack.AppToken()}
	w.db = database(t, env)
	w.keeper = w.newKeeper(env)
	w.apply(`agents: [{email: ann@acme.test, name: Ann Lee, roles: [admin]}]
teams: [{name: Support, members: [], slack_channel: ` + support + `}]`)
	return w
}

func database(t *testing.T, env app.Env) *app.Database {
	t.Helper()
	db, err := app.OpenDatabase(t.Context(), env, slog.New(slog.DiscardHandler), func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	if err := db.Migrate(t.Context(), env); err != nil {
		t.Fatal(err)
	}
	return db
}

func (w *workspace) newKeeper(env app.Env) *roster.Keeper {
	w.t.Helper()
	l, err := app.NewLookup(w.t.Context(), env, w.db, slog.New(slog.DiscardHandler), true)
	if err != nil {
		w.t.Fatal(err)
	}
	return roster.New(roster.Options{Pool: w.db.Pool, Sealer: w.db.Sealer, Specs: app.Specs(), Log: slog.New(slog.DiscardHandler), Surface: func(kind string) bridge.Surface {
		once(&w.asking)
		s, _ := l.Surfaces()[kind].(bridge.Surface)
		if r, ok := s.(bridge.Roster); ok {
			return slowRoster{Surface: s, Roster: r, w: w}
		}
		return s
	}})
}

func (w *workspace) apply(yaml string) {
	w.t.Helper()
	file, err := setup.Parse([]byte(yaml), func(string) (string, bool) { return "", false })
	if err == nil {
		_, err = setup.Apply(w.t.Context(), w.db.Pool, file, setup.Options{Sealer: w.db.Sealer, Specs: app.Specs()})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// joins lets somebody come into the channel.
func (w *workspace) joins(u slackfake.User) {
	w.t.Helper()
	w.slack.Admin.AddUser(u)
	if err := w.slack.Admin.Invite(support, u.ID, lab.Ann); err != nil {
		w.t.Fatal(err)
	}
}

func (w *workspace) look() []roster.Person {
	w.t.Helper()
	l, err := w.keeper.List(w.t.Context(), "Support", "slack", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return l.People
}

func (w *workspace) confirm(follow bool, chosen ...string) int {
	w.t.Helper()
	n, err := w.keeper.Confirm(w.t.Context(), setup.Author{Name: "ann@acme.test"}, w.decides(follow, chosen...))
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// decides gives the decision of an admin who looks at the members now.
func (w *workspace) decides(follow bool, chosen ...string) roster.Decision {
	w.t.Helper()
	l, err := w.keeper.List(w.t.Context(), "Support", "slack", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	d := roster.Decision{Team: "Support", Kind: "slack", Channel: l.Channel, Chosen: chosen, Follow: follow}
	for _, p := range l.People {
		d.Listed = append(d.Listed, p.User)
	}
	return d
}

// round looks at the channels once, as Parley does from time to time.
func (w *workspace) round() {
	w.t.Helper()
	if err := w.keeper.AddNewcomers(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// team gives the addresses of the team's members, sorted.
func (w *workspace) team() string {
	w.t.Helper()
	entries, err := setup.Entries(w.t.Context(), w.db.Pool, app.Specs())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range entries {
		if e.Kind == setup.EntryTeam {
			slices.Sort(e.Values["members"])
			return strings.Join(e.Values["members"], " ")
		}
	}
	return ""
}

// Members of a team's channel become its agents when an admin has confirmed them once, and later ones by themselves;
// guests only when they are listed, bots and who was deactivated never, and nobody who was left out or taken out.
//
func TestWhoBecomesAnAgent(t *testing.T) {
	t.Parallel()
	w := open(t, slackfake.Options{Users: []slackfake.User{
		{ID: "U0GUS", Name: "gus", RealName: "Gus Guest", Email: "gus@elsewhere.test", Restricted: true},
		{ID: "U0GONE", Name: "gina", Email: "gina@acme.test", Deleted: true},
		{ID: bots, Name: "helper", Bot: true, BotID: "B1", Email: "bot@acme.test"},
		{ID: "U0FAR", Name: "far", Email: "far@other.test", TeamID: "T0OTHER", Stranger: true},
		{ID: "U0MUM", Name: "mum", RealName: "Mum ${HOME}"},
	}})
	w.apply(`teams: [{name: Support, agents: channel_members}]`)
	w.round()
	if got := w.team(); got != "" {
		t.Fatalf("before anybody confirmed: %s", got)
	}
	var seen []string
	for _, p := range w.look() {
		seen = append(seen, fmt.Sprintf("%s %s %t %t", p.User, p.Status, p.Guest, p.CanJoin()))
	}
	slices.Sort(seen)
	want := []string{lab.Ann + " not in team false true", lab.Ben + "  false true", lab.Zoe + "  false true", "U0GUS  true true", "U0MUM no email false false"}
	slices.Sort(want)
	if !slices.Equal(seen, want) {
		t.Fatalf("in the channel:\n%s\nwant:\n%s", strings.Join(seen, "\n"), strings.Join(want, "\n"))
	}
	if n := w.confirm(true, lab.Ann, lab.Ben, "U0MUM", "U0GONE", bots); n != 2 { // Zoe and Gus are left out
		t.Errorf("%d joined", n)
	}
	w.joins(slackfake.User{ID: "U0DAN", Name: "dan", RealName: "Dan $5", Email: "Dan@acme.test"})
	w.joins(slackfake.User{ID: "U0GIL", Name: "gil", Email: "gil@elsewhere.test", Restricted: true})
	w.round()
	w.round() // a second replica
	if got := w.team(); got != "ann@acme.test ben@acme.test dan@acme.test" {
		t.Errorf("after somebody came: %s", got)
	}
	w.apply(`teams: [{name: Support, members: [ann@acme.test, dan@acme.test]}]`) // Ben is taken out of the team
	w.round()
	if got := w.team(); got != "ann@acme.test dan@acme.test" {
		t.Errorf("who was taken out came back: %s", got)
	}
	if n := w.confirm(false, "U0GUS"); n != 1 { // an admin may list a guest
		t.Errorf("%d joined", n)
	}
	w.joins(slackfake.User{ID: "U0EVE", Name: "eve", Email: "eve@acme.test"})
	w.round()
	if got := w.team(); got != "ann@acme.test dan@acme.test gus@elsewhere.test" {
		t.Errorf("when only who is listed counts: %s", got)
	}
	w.slack.Admin.AddChannel(slackfake.Channel{ID: "C0NEW", Name: "new", Members: []string{w.slack.BotUserID(), "U0EVE"}})
	w.apply(`teams: [{name: Support, agents: channel_members, slack_channel: C0NEW}]`)
	w.round()
	if got := w.team(); strings.Contains(got, "eve") {
		t.Errorf("another channel, which nobody confirmed: %s", got)
	}
}

// Whom an admin listed while the person was in the channel, and takes out of the team later, stays out, though the follower
// never added that person.
//
func TestTakenOutAfterListedByHand(t *testing.T) {
	t.Parallel()
	w := open(t, slackfake.Options{})
	w.apply(`teams: [{name: Support, members: [ann@acme.test]}]`) // as First steps do for the admin who makes the team
	people := w.look()
	if i := slices.IndexFunc(people, func(p roster.Person) bool { return p.User == lab.Ann }); people[i].Status != roster.NotLinked || !people[i].CanJoin() {
		t.Errorf("the admin, whose user isn't known yet: %+v", people[i])
	}
	w.confirm(true, lab.Ann)
	w.joins(slackfake.User{ID: "U0EVE", Name: "eve", RealName: "Eve", Email: "eve@acme.test"})
	w.apply(`agents: [{email: ann@acme.test, name: Ann Lee, roles: [admin]}, {email: eve@acme.test, name: Eve, slack: U0EVE}]
teams: [{name: Support, members: [ann@acme.test, eve@acme.test]}]`)
	w.round()
	if got := w.team(); got != "ann@acme.test eve@acme.test" {
		t.Fatalf("listed by hand: %s", got)
	}
	w.apply(`teams: [{name: Support, members: [ann@acme.test]}]`)
	w.round()
	if got := w.team(); got != "ann@acme.test" {
		t.Errorf("who was taken out came back: %s", got)
	}
}

// Who was taken out of the agents stays out when she joins a channel, also if her address in Slack is another one than that by
// which she was an agent. Confirmed by an admin she is the same agent again.
//
func TestTakenOutUnderAnotherAddress(t *testing.T) {
	t.Parallel()
	w := open(t, slackfake.Options{})
	w.apply(`agents: [{email: ann@acme.test, name: Ann Lee, roles: [admin]}, {email: eve@acme.test, name: Eve, slack: U0EVE}]
teams: [{name: Support, agents: channel_members}]`)
	w.confirm(true, lab.Ann)
	file, err := setup.Parse([]byte(`agents: [{email: ann@acme.test, name: Ann Lee, roles: [admin]}]`), func(string) (string, bool) { return "", false })
	if err == nil {
		_, err = setup.Apply(t.Context(), w.db.Pool, file, setup.Options{Sealer: w.db.Sealer, Specs: app.Specs(), Prune: true})
	}
	if err != nil {
		t.Fatal(err)
	}
	w.joins(slackfake.User{ID: "U0EVE", Name: "eve", RealName: "Eve Smith", Email: "e.smith@acme.test"})
	w.round()
	if got := w.team(); got != "ann@acme.test" {
		t.Errorf("who was taken out came back: %s", got)
	}
	people := w.look()
	i := slices.IndexFunc(people, func(p roster.Person) bool { return p.User == "U0EVE" })
	if eve := people[i]; eve.Status != roster.TakenOut || eve.Email != "eve@acme.test" {
		t.Errorf("the page says of her: %+v", eve)
	}
	w.confirm(true, "U0EVE")
	if got := w.team(); got != "ann@acme.test eve@acme.test" {
		t.Errorf("confirmed again: %s", got)
	}
}

// A channel of many is read page by page, and Parley waits where Slack asks for it.
func TestManyInTheChannel(t *testing.T) {
	t.Parallel()
	var users []slackfake.User
	for i := range 1500 {
		users = append(users, slackfake.User{ID: fmt.Sprintf("U0MANY%04d", i), Name: fmt.Sprintf("many%d", i), Email: fmt.Sprintf("many%d@acme.test", i)})
	}
	w := open(t, slackfake.Options{Users: users, Limits: true})
	w.slack.Inject(slackfake.Fault{Method: "users.list", Kind: slackfake.FaultRateLimit, Retry: 1, Times: 1})
	w.slack.Inject(slackfake.Fault{Method: "conversations.members", Kind: slackfake.FaultRateLimit, Retry: 1, Times: 1})
	var all []string
	for _, p := range w.look() {
		all = append(all, p.User)
	}
	if len(all) != len(users)+3 {
		t.Fatalf("%d of %d", len(all), len(users)+3)
	}
	if n := w.confirm(true, all...); n != len(all) {
		t.Errorf("%d joined", n)
	}
	before := len(w.slack.Calls("users.list")) + len(w.slack.Calls("users.info"))
	w.round()
	if asked := len(w.slack.Calls("users.list")) + len(w.slack.Calls("users.info")) - before; asked > 0 {
		t.Errorf("people who are known are asked about again: %d calls", asked)
	}
}

// In Teams the members are those whom the service lists, page by page; a guest can't answer there.
func TestMembersInTeams(t *testing.T) {
	t.Parallel()
	users := []teamsfake.User{{ID: "c0000000-0000-4000-8000-00000000000c", Name: "Gus Guest", Email: "gus@elsewhere.test", Guest: true},
		{ID: "d0000000-0000-4000-8000-00000000000d", Name: "Fay Far", Email: "fay@other.test", TenantID: "99999999-0000-4000-8000-000000000001"}}
	for i := range 600 {
		users = append(users, teamsfake.User{ID: fmt.Sprintf("e0000000-0000-4000-8000-%012d", i), Name: fmt.Sprintf("Many %d", i), Email: fmt.Sprintf("many%d@acme.test", i)})
	}
	fake := lab.NewOrganisation(teamsfake.Options{AppID: "22222222-2222-4222-8222-222222222222", Users: users})
	if err := fake.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fake.Close() })
	env := app.Env{DatabaseURL: storetest.URL(t), Data: t.TempDir(), Listen: "127.0.0.1:0", PublicURL: "https://help.acme.test", Teams: app.TeamsEnv{AppID: fake.AppID(),
		AppPassword: fake.AppPassword(), TenantID: fake.TenantID(), LoginURL: fake.LoginURL(), OpenIDURL: fake.OpenIDURL(), GraphURL: fake.GraphURL(), ServiceURLs: []string{fake.ServiceURL()}}}
	w := &workspace{t: t, db: database(t, env)}
	serve(t, env, w.db, fake)
	w.keeper = w.newKeeper(env)
	w.apply(`teams: [{name: Support, teams_channel: "` + lab.TeamsSupport + `"}]`)
	l, err := w.keeper.List(t.Context(), "Support", "teams", nil)
	if err != nil {
		t.Fatal(err)
	}
	status := map[string]roster.Status{}
	for _, p := range l.People {
		status[p.Email] = p.Status
	}
	if len(l.People) != 604 || status["gus@elsewhere.test"] != roster.NotAllowed || status["many599@acme.test"] != roster.NoAgent {
		t.Errorf("%d people, the guest is %q", len(l.People), status["gus@elsewhere.test"])
	}
	if _, known := status["fay@other.test"]; known {
		t.Error("somebody of another organisation is listed")
	}
	if _, err := w.keeper.List(t.Context(), "Support", "slack", nil); err == nil {
		t.Error("a chat that isn't connected has members")
	}
}

// serve runs a Parley until the app was added to the team, so that it is known where Teams is reached.
func serve(t *testing.T, env app.Env, db *app.Database, fake *teamsfake.Server) {
	t.Helper()
	a, err := app.New(t.Context(), env, db, slog.New(slog.DiscardHandler), app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	if err := fake.Admin.Connect(t.Context(), "http://"+a.Address()+"/teams/messages"); err != nil {
		t.Fatal(err)
	}
	if err := fake.WaitFor(t.Context(), func() bool {
		var n int
		err := db.Pool.QueryRow(t.Context(), `SELECT count(*) FROM surface_notes`).Scan(&n)
		return err == nil && n > 0 && fake.Activities.Pending() == 0
	}); err != nil {
		t.Fatal(err)
	}
}
