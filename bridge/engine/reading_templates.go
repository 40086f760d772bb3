package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// This file reads message templates: texts with variables, such as "Hello {{first_name}}", that some providers have to approve. These
// accept only templates once the reply window, the time after the customer's last message, is over.

// TemplateFacts converts a template's row for display. account is the name of its account.
func TemplateFacts(row store.Template, account string) bridge.Template {
	t := bridge.Template{
		ID:        row.ID,
		Version:   row.Version,
		Account:   account,
		Name:      row.Name,
		Language:  row.Language,
		Category:  row.Category,
		Uses:      row.Uses,
		Labels:    row.Labels,
		Header:    row.Header,
		Body:      row.Body,
		Footer:    row.Footer,
		Examples:  row.Examples,
		Variables: channels.Variables(row.Header, row.Body),
		Status:    row.Status,
		Reason:    row.Reason,
		Quality:   row.Quality,
	}
	if row.ProviderCategory != "" && row.ProviderCategory != row.Category {
		t.ProviderCategory = row.ProviderCategory
	}

	for _, b := range row.Buttons {
		t.Buttons = append(t.Buttons, bridge.TemplateButton{Title: b.Title, URL: b.URL})
	}

	return t
}

// KnownValues returns the values of template variables that Parley can fill in, by the variable's name. Variables without a value are
// left out.
func KnownValues(f bridge.Facts, company string) map[string]string {
	known := map[string]string{}
	set := func(variable, value string) {
		if value = bridge.TemplateValue(value); value != "" {
			known[variable] = value
		}
	}
	isNameKnown := f.Contact.Name != f.Contact.Address && f.Contact.Name != f.Contact.Phone // otherwise Name holds one of these
	if isNameKnown {
		first, _, _ := strings.Cut(bridge.TemplateValue(f.Contact.Name), " ")
		set("customer_name", f.Contact.Name)
		set("first_name", first)
		set("name", f.Contact.Name)
	}

	if strings.Contains(f.Contact.Address, "@") { // otherwise it is a phone number or a provider's id
		set("email", f.Contact.Address)
	}

	set("user_name", f.Viewer.Name)
	set("agent_name", f.Viewer.Name)
	set("company_name", company)
	return known
}

// NoTemplate explains why no template can be sent in a conversation. It only suggests creating one if that would help.
func NoTemplate(f bridge.Facts) *bridge.Problem {
	p := &bridge.Problem{Code: "no_template", Hint: "Admins make them: @Parley templates"}
	switch {
	case !f.Window.Closed:
		p.Text = "No approved template of " + f.Account.Name + " is for replies."
	case f.Window.Templates:
		p.Text = "No approved template of " + f.Account.Name + " is for the time after the reply window."
	default:
		p.Text, p.Hint = "The reply window is closed: nothing can be sent by "+f.Account.Name+" until the customer writes.", ""
	}
	return p
}

// Templates reads the templates of an account, or of all accounts if account is nil, sorted by account and name. It leaves out those
// of accounts that r may not read.
func (rd *ReadingReader) Templates(ctx context.Context, q store.Querier, r store.Reader, account *store.Account) ([]bridge.Template,
	error) {
	var id store.AccountID // 0 asks the store for the templates of all accounts
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
		a := dir.Account(row.AccountID)
		wasRemoved := a == nil
		if wasRemoved || r.Shuts(a.ID) {
			continue
		}
		list = append(list, TemplateFacts(row, a.Name))
	}

	slices.SortStableFunc(list, func(a, b bridge.Template) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Name, b.Name))
	})

	return list, nil
}

// FittingTemplates returns the templates that can be sent in a conversation now. There are none if its account was removed, or if the
// reply window is closed and the channel doesn't support templates.
func (rd *ReadingReader) FittingTemplates(ctx context.Context, q store.Querier, f bridge.Facts) ([]bridge.Template, error) {
	account := rd.Directory().AccountNamed(f.Account.Name)
	if account == nil {
		return nil, nil
	}

	windowOpen := !f.Window.Closed
	ch := rd.Channel(account.ID)
	mayHaveTemplates := ch == nil || ch.Capabilities().Templates // nil means not connected: unknown
	if !windowOpen && !mayHaveTemplates {
		return nil, nil
	}

	unrestricted := store.Reader{} // the caller may read the conversation
	list, err := rd.Templates(ctx, q, unrestricted, account)
	if err != nil {
		return nil, err
	}

	return slices.DeleteFunc(list, func(t bridge.Template) bool { return !t.MayBeSent(windowOpen) }), nil
}
