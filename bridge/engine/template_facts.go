package engine

import (
	"cmp"
	"strings"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// templateFacts gives what surfaces may show of a template's row.
func templateFacts(row store.Template, account string) bridge.Template {
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

// fillTemplate fills a template in.
// Errors: *Problem with the name of what is missing.
func fillTemplate(row store.Template, values map[string]string) (outbound.UsedTemplate, *bridge.Problem) {
	u := outbound.UsedTemplate{ID: row.ID, Version: row.Version, Name: row.Name, Use: channels.TemplateUse{Template: bridge.ProviderTemplate(row), Values: map[string]string{}}}
	u.Use.Category = cmp.Or(row.ProviderCategory, row.Category) // the provider's category counts
	for _, name := range u.Use.Variables {
		value := bridge.TemplateValue(values[name])
		if value == "" {
			return u, &bridge.Problem{Code: "value_missing", Text: "There is nothing for " + strings.ReplaceAll(name, "_", " ") + " ({{" + name + "}}).",
				Hint: "Fill it in."}
		}
		u.Use.Values[name] = value
	}
	return u, nil
}

// knownValues gives values for variables of templates, by the variable's name, as far as the
// conversation's facts tell them.
func knownValues(f bridge.Facts, company string) map[string]string {
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
