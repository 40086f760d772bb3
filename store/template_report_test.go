package store_test

import (
	"slices"
	"testing"

	"parley/store"
	"parley/store/storetest"
)

// A provider's report about a template finds it by its id, and otherwise by name and language.
func TestLockReportedTemplates(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	account := templateAccount(t, pool, "test")
	english := submitTemplate(t, pool, newTemplate(account, "hello", "en"))
	german := submitTemplate(t, pool, newTemplate(account, "hello", "de"))
	check(t, store.SetTemplateState(t.Context(), pool, store.Template{ID: german.ID, Status: "pending", ExternalID: "17"}))

	tests := []struct {
		name         string
		externalID   string
		providerName string
		language     string
		want         []store.TemplateID
	}{
		{name: "id alone", externalID: "17", want: []store.TemplateID{german.ID}},
		{name: "id before name", externalID: "17", providerName: "hello", language: "en", want: []store.TemplateID{german.ID}},
		{name: "unknown id", externalID: "99", providerName: "hello", language: "en", want: []store.TemplateID{english.ID}},
		{name: "unknown id, and the name of one with another id", externalID: "99", providerName: "hello", language: "de", want: nil},
		{name: "name and language", providerName: "hello", language: "de", want: []store.TemplateID{german.ID}},
		{name: "another language", providerName: "hello", language: "fr", want: nil},
		{name: "unknown id alone", externalID: "99", want: nil},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found := must(store.LockReportedTemplates(t.Context(), pool, account, tt.externalID, tt.providerName, tt.language))(t)
			var got []store.TemplateID
			for _, template := range found {
				got = append(got, template.ID)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("the report is about the templates %v, want %v", got, tt.want)
			}
		})
	}
}

// The provider's answer to a submission contains the template's id. While that is being written, a report finds the
// template by its name.
func TestLockReportedTemplateWhileItsIDIsWritten(t *testing.T) {
	t.Parallel()
	pool, ctx := storetest.DB(t), t.Context()
	account := templateAccount(t, pool, "test")
	template := submitTemplate(t, pool, newTemplate(account, "hello", "en"))
	answer := storetest.Begin(t, pool)
	check(t, store.SetTemplateState(ctx, answer, store.Template{ID: template.ID, Status: "pending", ExternalID: "17"}))

	type report struct {
		found []store.Template
		err   error
	}
	reported := make(chan report, 1)
	go func() {
		found, err := store.LockReportedTemplates(ctx, pool, account, "17", "hello", "en")
		reported <- report{found, err}
	}()
	storetest.WaitForLock(t, pool)
	check(t, answer.Commit(ctx))

	r := storetest.Receive(t, reported, "the report has found its template")
	check(t, r.err)
	if len(r.found) != 1 || r.found[0].ExternalID != "17" {
		t.Errorf("the report is about %+v, want the template with its id", r.found)
	}
}

// Two numbers of one business share templates, so a report to one account counts for another account of the same
// kind.
func TestLockReportedTemplatesOfAnotherAccount(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	template := submitTemplate(t, pool, newTemplate(templateAccount(t, pool, "test"), "hello", "de"))
	check(t, store.SetTemplateState(t.Context(), pool, store.Template{ID: template.ID, Status: "pending", ExternalID: "17"}))
	sameKind := must(store.SaveAccount(t.Context(), pool, store.Account{Name: "second number", Kind: "test", Side: "channel",
		Mode: "live", ReplyMode: "direct", Rate: 1}))(t)
	otherKind := templateAccount(t, pool, "other")

	if found := must(store.LockReportedTemplates(t.Context(), pool, sameKind, "17", "hello", "de"))(t); len(found) != 1 {
		t.Errorf("a report to an account of the same kind is about %+v, want one template", found)
	}
	if found := must(store.LockReportedTemplates(t.Context(), pool, otherKind, "17", "hello", "de"))(t); len(found) != 0 {
		t.Errorf("a report to an account of another kind is about %+v, want nothing", found)
	}
}
