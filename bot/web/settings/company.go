package settings

import (
	"parley/bot/web"
	"parley/bridge/setup"
)

// The page "Company": the company's name, and the settings of accounts that have no value of their own, but for those of the
// page AI. Both are values of one entry, the company, which always exists.

const companyPath = "/settings/company"

func (p pages) companyRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET " + companyPath, For: web.Admins, Do: p.showCompany},
		{Pattern: "POST " + companyPath, For: web.Admins, Do: p.saveCompany},
	}
}

// companyPage is the template data of the page.
type companyPage struct {
	Form     web.Form
	Accounts []web.Tab // links to the accounts, which have rules and hours of their own
	entry    *setup.Entry
}

func (p pages) companyPage(v *web.Visit) (*companyPage, error) {
	all, err := p.desk.Entries(v.Context())
	if err != nil {
		return nil, err
	}
	s := &companyPage{entry: find(all, setup.EntryCompany, "")}
	s.Form = formOf(companyPath, p.desk.Fields(setup.EntryCompany, ""), s.entry, append([]fieldGroup{
		{paths: []string{"company"}},
		{title: "Replies", paths: settingsOf("replies")},
	}, append(ruleSettings(false), fieldGroup{title: "Sending, seldom needed", folded: true, paths: settingsOf("sending")})...))
	for _, e := range ofKind(all, setup.EntryAccount) {
		s.Accounts = append(s.Accounts, web.Tab{Path: accountPath(e.Name), Text: e.Name})
	}
	return s, nil
}

func (s *companyPage) makeScreen() web.Screen {
	return web.Screen{
		Title: "Company",
		Help:  "The company's name, and what counts for every account that doesn't choose otherwise.",
		Data:  s,
	}
}

// showCompany shows the page.
func (p pages) showCompany(v *web.Visit) error {
	s, err := p.companyPage(v)
	if err != nil {
		return err
	}
	return v.Show("company", s.makeScreen())
}

// saveCompany saves the submitted form, or shows it again if it has errors.
func (p pages) saveCompany(v *web.Visit) error {
	s, err := p.companyPage(v)
	if err != nil {
		return err
	}
	return p.saveForm(v, changeTo(v, s.entry, changeOf(v, s.Form, s.entry)), &s.Form, companyPath, func() error {
		return v.ShowAgain("company", s.makeScreen())
	})
}
