package store_test

import (
	"slices"
	"testing"
	"time"

	"parley/store"
	"parley/store/storetest"
)

// What a provider is to be told is claimed by one, comes back when the claim runs out, and
// a change in between fences the claim off.
func TestTemplateWork(t *testing.T) {
	t.Parallel()
	pool, ctx := storetest.DB(t), t.Context()
	account := must(store.SaveAccount(ctx, pool, store.Account{Name: "a", Kind: "test", Side: "channel", Mode: "live", ReplyMode: "direct", Rate: 1}))(t)
	row := store.Template{AccountID: account, Name: "Order update", Language: "en", ProviderName: "order_update", Category: "utility", Uses: []string{"reply"}, Body: "Hello"}
	row.ID = must(store.SaveTemplate(ctx, pool, row, true))(t)
	claim := func() []store.Template {
		return must(store.ClaimTemplates(ctx, pool, []store.AccountID{account}, 8))(t)
	}
	if len(must(store.ClaimTemplates(ctx, pool, []store.AccountID{account + 1}, 8))(t)) != 0 {
		t.Error("claimed for another account")
	}
	first := claim()
	if len(first) != 1 || first[0].Todo != store.TodoSubmit || first[0].Status != "pending" || len(claim()) != 0 {
		t.Fatalf("claimed %+v", first)
	}
	row.Body = "Hello you"
	must(store.SaveTemplate(ctx, pool, row, true))(t)
	if must(store.FinishTemplate(ctx, pool, first[0], true))(t) {
		t.Error("an old claim ended the new work")
	}
	second := claim()
	if len(second) != 1 || second[0].Version != 2 || second[0].Body != "Hello you" {
		t.Fatalf("claimed %+v", second)
	}
	exec(t, pool, `UPDATE templates SET leased_until = clock_timestamp() - interval '1 s'`)
	third := claim()
	if len(third) != 1 || third[0].Tries != 2 {
		t.Fatalf("after a claim ran out: %+v", third)
	}
	check(t, store.RetryTemplate(ctx, pool, third[0], time.Minute, "busy"))
	if len(claim()) != 0 {
		t.Error("tried again too soon")
	}
	check(t, store.MoveClock(ctx, pool, time.Minute))
	if fourth := claim(); len(fourth) != 1 || !must(store.FinishTemplate(ctx, pool, fourth[0], true))(t) || len(claim()) != 0 {
		t.Errorf("the work doesn't end: %+v", fourth)
	}

	row.ID = must(store.SaveTemplate(ctx, pool, row, false))(t) // nothing that the provider sees
	if len(claim()) != 0 {
		t.Error("handed in for nothing")
	}
	check(t, store.RetireTemplate(ctx, pool, row.ID))
	if list := must(store.ListTemplates(ctx, pool, account))(t); len(list) != 0 {
		t.Errorf("still shown: %+v", list)
	}
	gone := claim()
	if len(gone) != 1 || gone[0].Todo != store.TodoDelete {
		t.Fatalf("claimed %+v", gone)
	}
	check(t, store.SetTemplateState(ctx, pool, store.Template{ID: row.ID, Status: "approved", ExternalID: "x1"}))
	must(store.SaveTemplate(ctx, pool, row, true))(t) // made anew while it is being deleted
	check(t, store.RemoveTemplate(ctx, pool, gone[0]))
	if again := claim(); len(again) != 1 || again[0].ExternalID != "" || again[0].Todo != store.TodoSubmit {
		t.Errorf("made anew: %+v", again)
	}
	check(t, store.RetireTemplate(ctx, pool, row.ID))
	check(t, store.RemoveTemplate(ctx, pool, claim()[0]))
	if left := must(store.Templates(ctx, pool, row.ID))(t); len(left) != 0 {
		t.Errorf("left: %+v, want none", left)
	}
}

// A list is compared soon while a verdict is awaited, else daily, and at once when asked.
func TestTemplateLists(t *testing.T) {
	t.Parallel()
	pool, ctx := storetest.DB(t), t.Context()
	account := must(store.SaveAccount(ctx, pool, store.Account{Name: "a", Kind: "test", Side: "channel", Mode: "live", ReplyMode: "direct", Rate: 1}))(t)
	row := store.Template{AccountID: account, Name: "x", Language: "en", ProviderName: "x", Category: "utility", Uses: []string{"reply"}, Body: "Hello"}
	row.ID = must(store.SaveTemplate(ctx, pool, row, true))(t)
	due := func(after time.Duration, want int) {
		t.Helper()
		check(t, store.MoveClock(ctx, pool, after))
		if got := must(store.ClaimTemplateLists(ctx, pool, []store.AccountID{account}))(t); len(got) != want {
			t.Fatalf("after %s %d lists are due, want %d", after, len(got), want)
		}
	}
	due(14*time.Minute, 0)
	due(2*time.Minute, 1)
	due(0, 0) // claimed
	check(t, store.FinishTemplateList(ctx, pool, account))
	due(14*time.Minute, 0)
	due(2*time.Minute, 1)
	check(t, store.SetTemplateState(ctx, pool, store.Template{ID: row.ID, Status: "approved"}))
	check(t, store.FinishTemplateList(ctx, pool, account))
	due(23*time.Hour, 0)
	check(t, store.ScheduleTemplateComparison(ctx, pool, account, 0))
	due(0, 1)
	check(t, store.FinishTemplateList(ctx, pool, account))
	due(25*time.Hour, 1)
}

// A provider's verdict finds its template by id, else by name and language.
func TestFindTemplate(t *testing.T) {
	t.Parallel()
	pool, ctx := storetest.DB(t), t.Context()
	account := must(store.SaveAccount(ctx, pool, store.Account{Name: "a", Kind: "test", Side: "channel", Mode: "live", ReplyMode: "direct", Rate: 1}))(t)
	ids := map[string]store.TemplateID{}
	for _, language := range []string{"en", "de"} {
		row := store.Template{AccountID: account, Name: "Hello", Language: language, ProviderName: "hello", Category: "utility", Uses: []string{"reply"}, Body: "Hello"}
		ids[language] = must(store.SaveTemplate(ctx, pool, row, true))(t)
	}
	check(t, store.SetTemplateState(ctx, pool, store.Template{ID: ids["de"], Status: "pending", ExternalID: "17"}))
	for _, c := range []struct {
		external, name, language string
		want                     []store.TemplateID
	}{
		{external: "17", want: []store.TemplateID{ids["de"]}},
		{external: "17", name: "hello", language: "en", want: []store.TemplateID{ids["de"]}},
		{external: "99", name: "hello", language: "en", want: []store.TemplateID{ids["en"]}},
		{name: "hello", language: "de", want: []store.TemplateID{ids["de"]}},
		{name: "hello", language: "fr"},
		{external: "99"},
	} {
		var got []store.TemplateID
		for _, found := range must(store.LockReportedTemplates(ctx, pool, account, c.external, c.name, c.language))(t) {
			got = append(got, found.ID)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("the report of %q, %q in %q is about the templates %v, want %v", c.external, c.name, c.language, got, c.want)
		}
	}
	for kind, want := range map[string]int{"test": 1, "other": 0} { // two numbers of one business share templates
		other := must(store.SaveAccount(ctx, pool, store.Account{Name: kind, Kind: kind, Side: "channel", Mode: "live", ReplyMode: "direct", Rate: 1}))(t)
		if found := must(store.LockReportedTemplates(ctx, pool, other, "17", "hello", "de"))(t); len(found) != want {
			t.Errorf("a report to an account of kind %s is about %+v, want %d templates", kind, found, want)
		}
	}
}

// A claim takes no more than it was asked for, whichever way the database joins the rows that are
// due with those that are claimed: what nobody works on would wait until its claim runs out.
func TestClaimTakesNoMoreTemplates(t *testing.T) {
	t.Parallel()
	pool, ctx := storetest.DB(t), t.Context()
	account := must(store.SaveAccount(ctx, pool, store.Account{Name: "a", Kind: "test", Side: "channel", Mode: "live", ReplyMode: "direct", Rate: 1}))(t)
	for _, name := range []string{"first", "second", "third"} {
		must(store.SaveTemplate(ctx, pool, store.Template{AccountID: account, Name: name, Language: "en", ProviderName: name,
			Category: "utility", Uses: []string{"reply"}, Body: "Hello"}, true))(t)
	}
	tx := must(pool.Begin(ctx))(t)
	defer func() { check(t, tx.Rollback(ctx)) }()
	for _, way := range []string{"enable_hashjoin", "enable_mergejoin", "enable_hashagg", "enable_sort", "enable_material"} {
		must(tx.Exec(ctx, `SELECT set_config($1, 'off', true)`, way))(t)
	}
	if claimed := must(store.ClaimTemplates(ctx, tx, []store.AccountID{account}, 1))(t); len(claimed) != 1 {
		t.Errorf("%d templates were claimed, want 1", len(claimed))
	}
}
