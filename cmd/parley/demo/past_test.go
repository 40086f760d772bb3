package demo

import (
	"testing"
	"time"

	"parley/bridge/engine"
	"parley/cmd/parley/app"
	"parley/store"
	"parley/store/storetest"
)

// The demo begins with forty past conversations. Their figures are counted like any others, and a recount gives the same ones.
// They have answers, ends, topics and moods. None of them has a thread, so no step of the tour is done.
// Requirement R-230: Time to answer.
// Requirement R-231: Share resolved.
// Requirement R-232: Messages counted.
// Requirement R-233: By agent and team.
// Requirement R-234: Topics.
func TestPast(t *testing.T) {
	t.Parallel()
	w := must(New(t.Context(), CompanyOptions{Phones: true, PublicURL: "http://127.0.0.1:1"}))(t)
	t.Cleanup(func() { _ = w.Close() })
	env := app.Env{DatabaseURL: storetest.Reused(t).Config().ConnString(), Data: t.TempDir()}
	db := must(app.OpenDatabase(t.Context(), env, nil, func(string) {}))(t)
	t.Cleanup(db.Close)
	p := must(NewPage(w, PageOptions{}))(t)

	hand := &stagehand{options: Options{Data: env.Data, Hold: testHold}, company: w, page: p}
	check(t, hand.setUp(t.Context(), env, db))
	if err := writePast(t.Context(), db.Pool, time.Now()); err != nil { //nolint:forbidigo // the demo's clock is this one
		t.Fatal(err)
	}

	figures := func() (text string) {
		accounts, err := store.ListAccounts(t.Context(), db.Pool)
		for more := true; more && err == nil; {
			more, err = engine.Round(t.Context(), db.Pool, engine.NewDirectory(store.Directory{Accounts: accounts}), 1000)
		}
		if err == nil {
			err = db.Pool.QueryRow(t.Context(), keptFigures).Scan(&text)
		}
		if err != nil {
			t.Fatal(err)
		}
		return text
	}

	kept := figures()
	must(db.Pool.Exec(t.Context(), `UPDATE measured SET below = (SELECT max(id) + 1 FROM conversations)`))(t)
	if kept == "" {
		t.Error("the past has no figures")
	}
	if again := figures(); again != kept {
		t.Errorf("a recount gives other figures:\n%s\nwant\n%s", again, kept)
	}

	var opened, resolved, answered, topics, moods, agents int
	const look = `
		SELECT sum(opened), sum(resolved), sum(first_count),
			(SELECT count(DISTINCT intent) FROM measure_labels), (SELECT count(DISTINCT mood) FROM measure_labels),
			(SELECT count(DISTINCT agent_id) FROM measure_shares WHERE messages_out > 0)
		FROM measure_shares`
	check(t, db.Pool.QueryRow(t.Context(), look).Scan(&opened, &resolved, &answered, &topics, &moods, &agents))
	const wantAgents = 2 // Ann and Ben
	if opened != pastConversations || resolved != opened || answered != opened || topics < 7 || moods < 4 {
		t.Errorf("got %d conversations, %d resolved, %d answered, %d topics, %d moods; want %d three times, at least 7 and 4",
			opened, resolved, answered, topics, moods, pastConversations)
	}
	if agents != wantAgents {
		t.Errorf("%d agents have written, want %d", agents, wantAgents)
	}

	p.SetDatabase(db.Pool)
	steps := must(p.readTour(t.Context()))(t)
	for _, s := range steps {
		if s.Done {
			t.Errorf("the tour's step %s is done before anybody did anything", s.Name)
		}
	}

	const weeks = "http://127.0.0.1:1/settings/dashboard?days=28"
	if got := ask(p, "GET", "/site?to=dashboard").Header().Get("Location"); got != weeks {
		t.Errorf("the tour leads to %q, want %q", got, weeks)
	}
	if !p.marks.hasVisited("dashboard") {
		t.Error("the dashboard doesn't count as visited after the tour led there")
	}
}
