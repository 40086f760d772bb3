package settings

import (
	"cmp"
	"strconv"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
)

// The page "Retention" shows the retention time of each kind of record, and lets admins change some of them. An hourly
// job permanently deletes records that are older. So before the page saves a shorter time, it asks the admin to confirm.

const retentionPath = "/settings/retention"

// Kept is a kind of record with its retention time.
type Kept struct {
	What string
	For  string // "30 days"
	Then string // what happens afterwards: deletion, or removal of some of its data
}

// retentionPages has the handlers of the page.
type retentionPages struct{ pages }

func (p retentionPages) listRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET " + retentionPath, For: web.Admins, Do: p.begin},
		{Pattern: "POST " + retentionPath, For: web.Admins, Do: p.save},
	}
}

// retentionPage is the template data of the page.
type retentionPage struct {
	Form web.Form // the times that can be changed
	Rows []Kept   // all kinds of records
	Sure string   // the shorter times to confirm, from shortenedTimes; "" if there is nothing to confirm
}

// makeForm returns the form, and the company's entry, which has the times and always exists.
func (p retentionPages) makeForm(v *web.Visit) (web.Form, *setup.Entry, error) {
	company, err := p.findEntry(v.Context(), setup.EntryCompany, "")
	if err != nil {
		return web.Form{}, nil, err
	}
	parts := []fieldGroup{{paths: []string{"retention."}}}
	return formOf(retentionPath, p.desk.Fields(setup.EntryCompany, ""), company, parts), company, nil
}

// begin shows the page with the stored times.
func (p retentionPages) begin(v *web.Visit) error {
	form, e, err := p.makeForm(v)
	if err != nil {
		return err
	}
	return p.show(v, &retentionPage{Form: form}, e.Values, v.Show)
}

// show shows the page. values are the times in its table. respond is v.Show, or
// v.ShowAgain for a submitted form with errors.
func (p retentionPages) show(
	v *web.Visit, page *retentionPage, values map[string][]string, respond func(template string, screen web.Screen) error,
) error {
	page.Rows = p.desk.ListKept(values)
	return respond("retention", web.Screen{
		Title: "Retention",
		Help:  "For how long Parley keeps what. A customer is removed under [Erase and export](/settings/erase).",
		Data:  page,
	})
}

// save saves the submitted times. If it shortens some, it first asks the admin to confirm them.
func (p retentionPages) save(v *web.Visit) error {
	form, e, err := p.makeForm(v)
	if err != nil {
		return err
	}

	values := changeOf(v, form, e)
	_, isValid := setup.RetentionOf(values) // trySave reports invalid values
	shortened := shortenedTimes(&form, values)
	isConfirmed := v.Value("sure") == shortened
	mustConfirm := isValid && shortened != "" && !isConfirmed
	if mustConfirm {
		form.Keep(v, nil)
		form.Submit = "Save and remove"
		return p.show(v, &retentionPage{Form: form, Sure: shortened}, v.Request.PostForm, v.Show)
	}

	return p.saveForm(v, changeTo(v, e, values), &form, retentionPath, func() error {
		return p.show(v, &retentionPage{Form: form}, e.Values, v.ShowAgain)
	})
}

// shortenedTimes returns the times that a change shortens, separated by spaces: "retention.arrived_days=7". It returns ""
// if it shortens none.
func shortenedTimes(form *web.Form, values map[string][]string) string {
	var list []string
	for _, g := range form.Groups {
		for _, f := range g.Fields {
			given, isChanged := values[f.Name]
			before, _ := strconv.Atoi(cmp.Or(f.Value, f.Placeholder)) // 0 without a number: then no time is shorter
			after, err := strconv.Atoi(cmp.Or(strings.Join(given, ""), f.Placeholder))
			isShorter := err == nil && after < before
			if isChanged && isShorter {
				list = append(list, f.Name+"="+strconv.Itoa(after))
			}
		}
	}
	return strings.Join(list, " ")
}
