package reading

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// TemplateFacts returns what surfaces may show of a template's row.
func TemplateFacts(row store.Template, account string) bridge.Template {
	t := bridge.Template{ID: row.ID, Version: row.Version, Account: account, Name: row.Name, Language: row.Language, Category: row.Category,
		Uses: row.Uses, Labels: row.Labels, Header: row.Header, Body: row.Body, Footer: row.Footer, Examples: row.Examples,
		Variables: channels.Variables(row.Header, row.Body), Status: row.Status, Reason: row.Reason, Quality: row.Quality}
	if row.ProviderCategory != "" && row.ProviderCategory != row.Category {
		t.Sees = row.ProviderCategory
	}
	for _, b := range row.Buttons {
		t.Buttons = append(t.Buttons, bridge.TemplateButton{Title: b.Title, URL: b.URL})
	}
	return t
}

// KnownValues returns values for variables of templates, by the variable's name, as far as the
// conversation's facts tell them.
func KnownValues(f bridge.Facts, company string) map[string]string {
	known := map[string]string{}
	put := func(value string, names ...string) {
		if value = bridge.TemplateValue(value); value != "" {
			for _, n := range names {
				known[n] = value
			}
		}
	}
	if f.Contact.Name != f.Contact.Address {
		put(f.Contact.Name, "customer_name")
		first, _, _ := strings.Cut(bridge.TemplateValue(f.Contact.Name), " ")
		put(first, "first_name")
	}
	if strings.Contains(f.Contact.Address, "@") {
		put(f.Contact.Address, "email")
	}
	put(f.Viewer.Name, "user_name", "agent_name")
	put(company, "company_name")
	return known
}

// NoTemplateText says why no template can be sent in a conversation.
func NoTemplateText(f bridge.Facts) string {
	if !f.Window.Closed {
		return f.Account.Name + " has no approved template for replies yet."
	}
	return f.Account.Name + " has no approved template for the time after the reply window yet."
}

// Templates reads the templates of an account, or of all accounts if account is nil, sorted by account and name.
func (rd *Reader) Templates(ctx context.Context, q store.Querier, account *store.Account) ([]bridge.Template, error) {
	var id store.AccountID
	if account != nil {
		id = account.ID
	}
	rows, err := store.ListTemplates(ctx, q, id)
	if err != nil {
		return nil, err
	}
	dir := rd.Directory()
	var list []bridge.Template
	for _, row := range rows {
		if a := dir.Account(row.AccountID); a != nil {
			list = append(list, TemplateFacts(row, a.Name))
		}
	}
	slices.SortStableFunc(list, func(a, b bridge.Template) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Name, b.Name))
	})
	return list, nil
}

// FittingTemplates returns the templates that may be sent in a conversation now.
func (rd *Reader) FittingTemplates(ctx context.Context, q store.Querier, f bridge.Facts) ([]bridge.Template, error) {
	account := rd.Directory().AccountNamed(f.Account.Name)
	if account == nil {
		return nil, nil
	}
	ch := rd.Channel(account.ID)
	if ch != nil && f.Window.Closed && !ch.Capabilities().Templates {
		return nil, nil // nothing at all may be sent now
	}
	list, err := rd.Templates(ctx, q, account)
	return slices.DeleteFunc(list, func(t bridge.Template) bool { return !t.Fits(!f.Window.Closed) }), err
}
