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

// KnownValues returns the values that Parley can fill in for variables of templates, by the variable's name. A variable
// whose value it doesn't know is left out.
func KnownValues(f bridge.Facts, company string) map[string]string {
	known := map[string]string{}
	set := func(variable, value string) {
		if value = bridge.TemplateValue(value); value != "" {
			known[variable] = value
		}
	}
	if f.Contact.Name != f.Contact.Address { // else the customer's name isn't known, and the address stands for it
		first, _, _ := strings.Cut(bridge.TemplateValue(f.Contact.Name), " ")
		set("customer_name", f.Contact.Name)
		set("first_name", first)
	}

	if strings.Contains(f.Contact.Address, "@") { // else it is a phone number or a provider's id
		set("email", f.Contact.Address)
	}

	set("user_name", f.Viewer.Name)
	set("agent_name", f.Viewer.Name)
	set("company_name", company)
	return known
}

// NoTemplate says why no template can be sent in a conversation. Where no template could be, it doesn't advise making some.
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

// Templates reads the templates of an account, or of all accounts if account is nil, sorted by account and name. It leaves out those of
// accounts that are closed to r.
func (rd *Reader) Templates(ctx context.Context, q store.Querier, r store.Reader, account *store.Account) ([]bridge.Template, error) {
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
		if a != nil && !slices.Contains(r.Closed, a.ID) { // nil means that the account was taken out meanwhile
			list = append(list, TemplateFacts(row, a.Name))
		}
	}

	slices.SortStableFunc(list, func(a, b bridge.Template) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Name, b.Name))
	})

	return list, nil
}

// FittingTemplates returns the templates that may be sent in a conversation now; none if its account is gone, or if its
// channel has no templates and the reply window, in which free text may leave, is closed.
func (rd *Reader) FittingTemplates(ctx context.Context, q store.Querier, f bridge.Facts) ([]bridge.Template, error) {
	account := rd.Directory().AccountNamed(f.Account.Name)
	if account == nil {
		return nil, nil
	}

	windowOpen := !f.Window.Closed
	ch := rd.Channel(account.ID)
	hasTemplates := ch == nil || ch.Capabilities().Templates // if it isn't connected, nobody knows: then it may have some
	if !windowOpen && !hasTemplates {
		return nil, nil
	}

	list, err := rd.Templates(ctx, q, store.Reader{}, account)
	if err != nil {
		return nil, err
	}

	return slices.DeleteFunc(list, func(t bridge.Template) bool { return !t.MayBeSent(windowOpen) }), nil
}
