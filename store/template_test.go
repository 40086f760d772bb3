package store_test

import (
	"testing"

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
	pool := storetest.Reused(t)
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

// If a claimed template is changed, the claim is void, and the new version can be claimed at once.
func TestChangedTemplateIsClaimedAgain(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
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

// A retired template is no longer listed. It is removed once the provider has deleted it.
func TestRetiredTemplateIsDeleted(t *testing.T) {
	t.Parallel()
	pool, ctx := storetest.Reused(t), t.Context()
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
