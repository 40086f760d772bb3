package settings

import (
	"parley/bot/web"
	"parley/bridge/setup"
)

// The page "Company": the company's name, and the settings of accounts that have no value of their own. Both are
// values of one entry, the company, which always exists.

const companyPath = "/settings/company"

func (p pages) companyRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET " + companyPath, For: web.Admins, Do: p.showCompany},
		{Pattern: "POST " + companyPath, For: web.Admins, Do: p.saveCompany},
	}
}

// companyForm returns the form of the page and the company's entry.
func (p pages) companyForm(v *web.Visit) (web.Form, *setup.Entry, error) {
	e, err := p.findEntry(v.Context(), setup.EntryCompany, "")
	if err != nil {
		return web.Form{}, nil, err
	}
	form := formOf(companyPath, p.desk.Fields(setup.EntryCompany, ""), e, []fieldGroup{
		{paths: []string{"company"}},
		{title: "Settings of all accounts", help: "An account may choose otherwise for itself.", paths: []string{"settings."}},
	})
	return form, e, nil
}

func companyScreen(form *web.Form) web.Screen {
	return web.Screen{
		Title: "Company",
		Help:  "The company's name, and what counts for every account that doesn't choose otherwise.",
		Data:  form,
	}
}

// showCompany shows the page.
func (p pages) showCompany(v *web.Visit) error {
	form, _, err := p.companyForm(v)
	if err != nil {
		return err
	}
	return v.Show("company", companyScreen(&form))
}

// saveCompany saves the submitted form, or shows it again if it has errors.
func (p pages) saveCompany(v *web.Visit) error {
	form, e, err := p.companyForm(v)
	if err != nil {
		return err
	}
	change := setup.Change{Kind: setup.EntryCompany, Version: v.Value("version"), Values: changeOf(v, form, e)}
	result, done, err := p.trySave(v, change, &form)
	if err != nil {
		return err
	}
	if !done {
		return v.ShowAgain("company", companyScreen(&form))
	}
	return answerSaved(v, companyPath, result)
}
