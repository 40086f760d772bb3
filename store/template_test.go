package store_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// templateAccount makes an account of a kind of channel.
func templateAccount(t *testing.T, pool *pgxpool.Pool, kind string) store.AccountID {
	t.Helper()
	return must(store.SaveAccount(t.Context(), pool, store.Account{
		Name:      kind,
		Kind:      kind,
		Side:      "channel",
		Mode:      "live",
		ReplyMode: "direct",
		Rate:      1,
	}))(t)
}

// newTemplate returns a template for replies that isn't stored yet.
func newTemplate(account store.AccountID, providerName, language string) store.Template {
	return store.Template{
		AccountID:       account,
		Name:            providerName,
		Language:        language,
		ProviderName:    providerName,
		Category:        "utility",
		Uses:            []string{"reply"},
		TemplateContent: store.TemplateContent{Body: "Hello"},
	}
}

// submitTemplate stores a template that has to be handed in to the provider. It returns it with its id.
func submitTemplate(t *testing.T, pool *pgxpool.Pool, template store.Template) store.Template {
	t.Helper()
	const resubmit = true
	template.ID = must(store.SaveTemplate(t.Context(), pool, template, resubmit))(t)
	return template
}

func claimTemplates(t *testing.T, pool *pgxpool.Pool, account store.AccountID) []store.Template {
	t.Helper()
	const limit = 8
	return must(store.ClaimTemplates(t.Context(), pool, []store.AccountID{account}, limit))(t)
}

// claimTemplate claims the only template of an account about which the provider has to be told.
func claimTemplate(t *testing.T, pool *pgxpool.Pool, account store.AccountID) store.Template {
	t.Helper()
	claimed := claimTemplates(t, pool, account)
	if len(claimed) != 1 {
		t.Fatalf("%d templates were claimed, want 1: %+v", len(claimed), claimed)
	}
	return claimed[0]
}

func checkNoTemplateToClaim(t *testing.T, pool *pgxpool.Pool, account store.AccountID) {
	t.Helper()
	if claimed := claimTemplates(t, pool, account); len(claimed) != 0 {
		t.Errorf("claimed %+v, want nothing", claimed)
	}
}

// finishTemplate records that the provider accepted a claimed template. It returns whether the claim still held.
func finishTemplate(t *testing.T, pool *pgxpool.Pool, claimed store.Template) bool {
	t.Helper()
	const accepted = true
	return must(store.FinishTemplate(t.Context(), pool, claimed, accepted))(t)
}

func TestNewTemplateIsClaimedOnce(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	account := templateAccount(t, pool, "test")
	submitTemplate(t, pool, newTemplate(account, "order_update", "en"))

	claimed := claimTemplate(t, pool, account)
	if claimed.Todo != store.TodoSubmit {
		t.Errorf("the claimed template is to be told as %q, want %q", claimed.Todo, store.TodoSubmit)
	}
	if claimed.Status != "pending" {
		t.Errorf("the claimed template is %q, want pending", claimed.Status)
	}
	checkNoTemplateToClaim(t, pool, account)
}

func TestTemplateIsNotClaimedForAnotherAccount(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	account := templateAccount(t, pool, "test")
	submitTemplate(t, pool, newTemplate(account, "order_update", "en"))
	checkNoTemplateToClaim(t, pool, account+1)
}

// If a claimed template is changed, the claim is void, and the new version can be claimed at once.
func TestChangedTemplateIsClaimedAgain(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	account := templateAccount(t, pool, "test")
	template := submitTemplate(t, pool, newTemplate(account, "order_update", "en"))
	before := claimTemplate(t, pool, account)

	template.Body = "Hello you"
	submitTemplate(t, pool, template)

	if finishTemplate(t, pool, before) {
		t.Error("the claim of the version before ended the work on the new one")
	}
	after := claimTemplate(t, pool, account)
	if after.Version != 2 {
		t.Errorf("claimed version %d, want 2", after.Version)
	}
	if after.Body != "Hello you" {
		t.Errorf("claimed the text %q, want the new one", after.Body)
	}
}

func TestExpiredTemplateClaimIsOfferedAgain(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	account := templateAccount(t, pool, "test")
	submitTemplate(t, pool, newTemplate(account, "order_update", "en"))
	claimTemplate(t, pool, account)
	exec(t, pool, `UPDATE templates SET leased_until = clock_timestamp() - interval '1 s'`)

	if again := claimTemplate(t, pool, account); again.Tries != 2 {
		t.Errorf("the second claim is try %d, want 2", again.Tries)
	}
}

func TestFailedTemplateIsClaimedAfterItsWait(t *testing.T) {
	t.Parallel()
	pool, ctx := storetest.DB(t), t.Context()
	account := templateAccount(t, pool, "test")
	submitTemplate(t, pool, newTemplate(account, "order_update", "en"))
	check(t, store.RetryTemplate(ctx, pool, claimTemplate(t, pool, account), time.Minute, "busy"))

	checkNoTemplateToClaim(t, pool, account)
	check(t, store.MoveClock(ctx, pool, time.Minute))
	claimTemplate(t, pool, account)
}

func TestFinishedTemplateIsNotClaimed(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	account := templateAccount(t, pool, "test")
	submitTemplate(t, pool, newTemplate(account, "order_update", "en"))
	if !finishTemplate(t, pool, claimTemplate(t, pool, account)) {
		t.Error("a claim that still held was refused")
	}
	checkNoTemplateToClaim(t, pool, account)
}

// A template that is saved without a change that the provider sees isn't submitted again.
func TestTemplateSavedWithoutResubmitIsNotClaimed(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	account := templateAccount(t, pool, "test")
	template := submitTemplate(t, pool, newTemplate(account, "order_update", "en"))
	finishTemplate(t, pool, claimTemplate(t, pool, account))
	const resubmit = false
	must(store.SaveTemplate(t.Context(), pool, template, resubmit))(t)
	checkNoTemplateToClaim(t, pool, account)
}

// A retired template is no longer listed. It is removed once the provider has deleted it.
func TestRetiredTemplateIsDeleted(t *testing.T) {
	t.Parallel()
	pool, ctx := storetest.DB(t), t.Context()
	account := templateAccount(t, pool, "test")
	template := submitTemplate(t, pool, newTemplate(account, "order_update", "en"))
	finishTemplate(t, pool, claimTemplate(t, pool, account))
	check(t, store.RetireTemplate(ctx, pool, template.ID))

	if list := must(store.ListTemplates(ctx, pool, account))(t); len(list) != 0 {
		t.Errorf("the list still has %+v, want nothing", list)
	}
	claimed := claimTemplate(t, pool, account)
	if claimed.Todo != store.TodoDelete {
		t.Errorf("the claimed template is to be told as %q, want %q", claimed.Todo, store.TodoDelete)
	}
	check(t, store.RemoveTemplate(ctx, pool, claimed))
	if left := must(store.Templates(ctx, pool, template.ID))(t); len(left) != 0 {
		t.Errorf("the table still has %+v, want nothing", left)
	}
}

// A template that is saved again while the provider deletes it is submitted as a new one.
func TestTemplateSavedWhileItIsDeleted(t *testing.T) {
	t.Parallel()
	pool, ctx := storetest.DB(t), t.Context()
	account := templateAccount(t, pool, "test")
	template := submitTemplate(t, pool, newTemplate(account, "order_update", "en"))
	finishTemplate(t, pool, claimTemplate(t, pool, account))
	check(t, store.RetireTemplate(ctx, pool, template.ID))

	deleting := claimTemplate(t, pool, account)
	check(t, store.SetTemplateState(ctx, pool, store.Template{ID: template.ID, Status: "approved", ExternalID: "x1"}))
	submitTemplate(t, pool, template)
	check(t, store.RemoveTemplate(ctx, pool, deleting))

	claimed := claimTemplate(t, pool, account)
	if claimed.Todo != store.TodoSubmit {
		t.Errorf("the claimed template is to be told as %q, want %q", claimed.Todo, store.TodoSubmit)
	}
	if claimed.ExternalID != "" {
		t.Errorf("the claimed template has the id %q of the deleted one, want none", claimed.ExternalID)
	}
}

// A template that is being saved at the moment at which its deletion is recorded is submitted as a new one, too.
func TestTemplateSavedWhileItsRowIsRemoved(t *testing.T) {
	t.Parallel()
	pool, ctx := storetest.DB(t), t.Context()
	account := templateAccount(t, pool, "test")
	template := submitTemplate(t, pool, newTemplate(account, "order_update", "en"))
	check(t, store.RetireTemplate(ctx, pool, template.ID))
	deleting := claimTemplate(t, pool, account)
	check(t, store.SetTemplateState(ctx, pool, store.Template{ID: template.ID, Status: "disabled", ExternalID: "x1"}))

	saving := storetest.Begin(t, pool)
	must(store.SaveTemplate(ctx, saving, template, true))(t)

	removed := make(chan error, 1)
	go func() { removed <- store.RemoveTemplate(ctx, pool, deleting) }()
	storetest.WaitForLock(t, pool)
	check(t, saving.Commit(ctx))
	check(t, storetest.Receive(t, removed, "the template is removed"))

	if claimed := claimTemplate(t, pool, account); claimed.ExternalID != "" {
		t.Errorf("the claimed template has the id %q of the deleted one, want none", claimed.ExternalID)
	}
}

// A template was submitted anew before its deletion is recorded. Then the provider's answer about the new one stays.
func TestTemplateSubmittedWhileItIsDeleted(t *testing.T) {
	t.Parallel()
	pool, ctx := storetest.DB(t), t.Context()
	account := templateAccount(t, pool, "test")
	template := submitTemplate(t, pool, newTemplate(account, "order_update", "en"))
	check(t, store.RetireTemplate(ctx, pool, template.ID))
	deleting := claimTemplate(t, pool, account)

	submitTemplate(t, pool, template)
	finishTemplate(t, pool, claimTemplate(t, pool, account))
	check(t, store.SetTemplateState(ctx, pool, store.Template{ID: template.ID, Status: "approved", ExternalID: "new"}))

	check(t, store.RemoveTemplate(ctx, pool, deleting))

	if left := must(store.Templates(ctx, pool, template.ID))(t); len(left) != 1 || left[0].ExternalID != "new" {
		t.Errorf("the table has %+v, want one template with the id of the new one", left)
	}
}

// AskedVersion is the version of a template that the provider was asked to make. It is kept until the template gets
// another name there, or is deleted there.
func TestTemplateAskedVersion(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*testing.T, *pgxpool.Pool, store.Template) // of the claimed template
		want   int
	}{
		{name: "saved again", want: 1, change: func(t *testing.T, pool *pgxpool.Pool, claimed store.Template) {
			submitTemplate(t, pool, newTemplate(claimed.AccountID, "hello", "en"))
		}},
		{name: "called otherwise", want: 0, change: func(t *testing.T, pool *pgxpool.Pool, claimed store.Template) {
			renamed := newTemplate(claimed.AccountID, "hello", "en")
			renamed.ProviderName = "hello_again"
			submitTemplate(t, pool, renamed)
		}},
		{name: "called otherwise by a version that knows nothing of this", want: 0,
			change: func(t *testing.T, pool *pgxpool.Pool, _ store.Template) {
				exec(t, pool, `UPDATE templates SET provider_name = 'hello_again', epoch = epoch + 1, leased_until = NULL`)
			}},
		{name: "saved again while it was deleted", want: 0, change: func(t *testing.T, pool *pgxpool.Pool, claimed store.Template) {
			submitTemplate(t, pool, newTemplate(claimed.AccountID, "hello", "en"))
			check(t, store.RemoveTemplate(t.Context(), pool, claimed))
		}},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pool := storetest.DB(t)
			account := templateAccount(t, pool, "test")
			submitTemplate(t, pool, newTemplate(account, "hello", "en"))
			claimed := claimTemplate(t, pool, account)

			if noted := must(store.NoteTemplateAsked(t.Context(), pool, claimed, claimed.Version))(t); !noted {
				t.Fatal("a claim that still held was refused")
			}

			tt.change(t, pool, claimed)

			if noted := must(store.NoteTemplateAsked(t.Context(), pool, claimed, claimed.Version+1))(t); noted {
				t.Error("a claim that was void was taken")
			}
			if got := claimTemplate(t, pool, account).AskedVersion; got != tt.want {
				t.Errorf("the provider was asked for version %d, want %d", got, tt.want)
			}
		})
	}
}

// A claim takes no more templates than it was asked for, however the database joins its tables. One that was claimed
// in excess would wait until its claim runs out.
func TestClaimTakesNoMoreTemplates(t *testing.T) {
	t.Parallel()
	pool, ctx := storetest.DB(t), t.Context()
	account := templateAccount(t, pool, "test")
	for _, name := range []string{"first", "second", "third"} {
		submitTemplate(t, pool, newTemplate(account, name, "en"))
	}

	// Without these ways to join, the planner chooses another one.
	tx := must(pool.Begin(ctx))(t)
	defer func() { check(t, tx.Rollback(ctx)) }()
	for _, way := range []string{"enable_hashjoin", "enable_mergejoin", "enable_hashagg", "enable_sort", "enable_material"} {
		exec(t, tx, `SELECT set_config($1, 'off', true)`, way)
	}

	const limit = 1
	if claimed := must(store.ClaimTemplates(ctx, tx, []store.AccountID{account}, limit))(t); len(claimed) != limit {
		t.Errorf("%d templates were claimed, want %d", len(claimed), limit)
	}
}

// After a list of templates was compared with the provider's, the next comparison is due after one of these times.
const (
	pendingWait = 15 * time.Minute // while a template is pending
	dailyWait   = 24 * time.Hour   // otherwise
)

// moveClockAndClaimLists moves the clock, and then claims the lists of templates that have to be compared with the
// provider's. The test fails if there are more or fewer than wanted.
func moveClockAndClaimLists(t *testing.T, pool *pgxpool.Pool, account store.AccountID, wait time.Duration, want int) {
	t.Helper()
	check(t, store.MoveClock(t.Context(), pool, wait))
	if got := must(store.ClaimTemplateLists(t.Context(), pool, []store.AccountID{account}))(t); len(got) != want {
		t.Fatalf("%s later %d lists are due, want %d", wait, len(got), want)
	}
}

// While a template is pending, the list is compared again after pendingWait.
func TestListWithAPendingTemplate(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	account := templateAccount(t, pool, "test")
	submitTemplate(t, pool, newTemplate(account, "hello", "en"))
	for range 2 {
		moveClockAndClaimLists(t, pool, account, pendingWait-time.Minute, 0)
		moveClockAndClaimLists(t, pool, account, 2*time.Minute, 1)
		moveClockAndClaimLists(t, pool, account, 0, 0) // it is claimed
		check(t, store.FinishTemplateList(t.Context(), pool, account))
	}
}

// If no template is pending, the list is compared after dailyWait, or earlier if somebody asked for that.
func TestListWithoutAPendingTemplate(t *testing.T) {
	t.Parallel()
	pool, ctx := storetest.DB(t), t.Context()
	account := templateAccount(t, pool, "test")
	template := submitTemplate(t, pool, newTemplate(account, "hello", "en"))
	check(t, store.SetTemplateState(ctx, pool, store.Template{ID: template.ID, Status: "approved"}))
	check(t, store.FinishTemplateList(ctx, pool, account))

	moveClockAndClaimLists(t, pool, account, dailyWait-time.Hour, 0)
	const atOnce = 0
	check(t, store.ScheduleTemplateComparison(ctx, pool, account, atOnce))
	moveClockAndClaimLists(t, pool, account, 0, 1)
	check(t, store.FinishTemplateList(ctx, pool, account))
	moveClockAndClaimLists(t, pool, account, dailyWait+time.Hour, 1)
}
