package settings

import (
	"cmp"
	"strconv"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
)

const retentionPath = "/settings/retention"

// Kept is one kind of record, and for how long it is kept.
type Kept struct {
	What string
	For  string // "30 days"
	Then string // what becomes of it
	Due  string // how much of it goes with the next runs; "" = it isn't counted
}

func (p pages) retentionRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET " + retentionPath, For: web.Admins, Do: p.showRetention},
		{Pattern: "POST " + retentionPath, For: web.Admins, Do: p.saveRetention},
	}
}

// retained is the page about what is kept: a table of everything, and a form for what can be chosen.
type retained struct {
	Form web.Form
	Rows []Kept
	Sure string // the shorter times that the page warns of; "" = it warns of none
	Goes []Kept // what these remove
}

// retentionForm has the times that can be chosen. The file itself always exists.
func (p pages) retentionForm(v *web.Visit) (web.Form, *setup.Entry, error) {
	e, err := p.entry(v.Context(), setup.EntryCompany, "")
	return formOf(retentionPath, p.desk.Fields(setup.EntryCompany, ""), e, []part{{paths: []string{"retention."}}}), e, err
}

func (p pages) showRetention(v *web.Visit) error {
	form, e, err := p.retentionForm(v)
	if err != nil {
		return err
	}
	return p.retention(v, &retained{Form: form}, e.Values, false)
}

// retention shows the page as if some values counted.
func (p pages) retention(v *web.Visit, r *retained, values map[string][]string, again bool) (err error) {
	if r.Rows, err = p.desk.Kept(v.Context(), values); err != nil {
		return err
	}
	if r.Sure != "" {
		for _, row := range r.Rows {
			if row.Due != "" && row.Due != "0" {
				r.Goes = append(r.Goes, row)
			}
		}
	}
	screen := web.Screen{Title: "What is kept", Data: r,
		Help: "For how long Parley keeps what, and how much of it the next hourly runs remove. A customer is removed on Erase and export."}
	if again {
		return v.ShowAgain("retention", screen)
	}
	return v.Show("retention", screen)
}

// saveRetention saves what was chosen. A shorter time removes what nothing brings back: the page says how much first.
func (p pages) saveRetention(v *web.Visit) error {
	form, e, err := p.retentionForm(v)
	if err != nil {
		return err
	}
	values := changeOf(v, form, e)
	_, fits := setup.RetentionOf(values)
	if sure := shorter(&form, values); fits && sure != "" && v.Value("sure") != sure {
		form.Keep(v, nil)
		form.Submit = "Save and remove"
		return p.retention(v, &retained{Form: form, Sure: sure}, v.Request.PostForm, false)
	}
	result, done, err := p.attempt(v, setup.Change{Kind: setup.EntryCompany, Version: v.Value("version"), Values: values}, &form)
	switch {
	case err != nil:
		return err
	case !done:
		return p.retention(v, &retained{Form: form}, e.Values, true)
	}
	return saved(v, retentionPath, result)
}

// shorter names the times that a change makes shorter, as "retention.arrived_days=7"; "" = it makes none shorter.
func shorter(form *web.Form, values map[string][]string) string {
	var list []string
	for _, g := range form.Groups {
		for _, f := range g.Fields {
			given, changes := values[f.Name]
			before, _ := strconv.Atoi(cmp.Or(f.Value, f.Placeholder))
			after, err := strconv.Atoi(cmp.Or(strings.Join(given, ""), f.Placeholder))
			if changes && err == nil && after < before {
				list = append(list, f.Name+"="+strconv.Itoa(after))
			}
		}
	}
	return strings.Join(list, " ")
}
