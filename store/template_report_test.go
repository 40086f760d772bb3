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
	pool := storetest.Reused(t)
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
