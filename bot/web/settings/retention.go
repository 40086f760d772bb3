package settings

import (
	"cmp"
	"strconv"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
)

// The page "What is kept" shows for how long Parley keeps each kind of record, and lets admins change some of these
// times. After that time an hourly run removes the records for good.

const retentionPath = "/settings/retention"

// Kept is one kind of record, and for how long it is kept.
type Kept struct {
	What string
	For  string // "30 days"
	Then string // what becomes of it
	Due  string // how much of it the next runs remove; "" if that isn't counted
}

// retentionPages has the page about what is kept.
type retentionPages struct{ pages }

func (p retentionPages) listRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET " + retentionPath, For: web.Admins, Do: p.begin},
		{Pattern: "POST " + retentionPath, For: web.Admins, Do: p.save},
	}
}

// retentionPage is the page about what is kept: a table of everything, and a form for what can be chosen.
type retentionPage struct {
	Form web.Form
	Rows []Kept
	Sure string // the shortened times to confirm, as shortenedTimes writes them; "" if there are none
	Goes []Kept // what the shorter times remove
}

// makeForm makes the form with the times that can be chosen. The entry of the company always exists.
func (p retentionPages) makeForm(v *web.Visit) (web.Form, *setup.Entry, error) {
	e, err := p.findEntry(v.Context(), setup.EntryCompany, "")
	if err != nil {
		return web.Form{}, nil, err
	}
	return formOf(retentionPath, p.desk.Fields(setup.EntryCompany, ""), e, []fieldGroup{{paths: []string{"retention."}}}), e, nil
}

func (p retentionPages) begin(v *web.Visit) error {
	form, e, err := p.makeForm(v)
	if err != nil {
		return err
	}
	return p.show(v, &retentionPage{Form: form}, e.Values, v.Show)
}

// show shows the page as if these values counted. answer is the visit's Show, or ShowAgain if its form was sent with errors.
func (p retentionPages) show(
	v *web.Visit, r *retentionPage, values map[string][]string, answer func(template string, screen web.Screen) error,
) error {
	rows, err := p.desk.ListKept(v.Context(), values)
	if err != nil {
		return err
	}

	r.Rows = rows
	if r.Sure != "" {
		for _, row := range r.Rows {
			if row.Due != "" && row.Due != "0" {
				r.Goes = append(r.Goes, row)
			}
		}
	}

	screen := web.Screen{Title: "What is kept", Data: r,
		Help: "For how long Parley keeps what, and how much of it the next hourly runs remove. A customer is removed on Erase and export."}
	return answer("retention", screen)
}

// save saves what was chosen. A shorter time removes things for good, so the page first shows how much, and asks again.
func (p retentionPages) save(v *web.Visit) error {
	form, e, err := p.makeForm(v)
	if err != nil {
		return err
	}

	values := changeOf(v, form, e)
	_, fits := setup.RetentionOf(values)
	sure := shortenedTimes(&form, values)
	isConfirmed := v.Value("sure") == sure // the page showed these times
	mustAsk := sure != "" && !isConfirmed
	if fits && mustAsk {
		form.Keep(v, nil)
		form.Submit = "Save and remove"
		form.Version = v.Value("version") // of the page that was sent, so that changes of others meanwhile are noticed
		return p.show(v, &retentionPage{Form: form, Sure: sure}, v.Request.PostForm, v.Show)
	}

	result, done, err := p.trySave(v, setup.Change{Kind: setup.EntryCompany, Version: v.Value("version"), Values: values}, &form)
	if err != nil {
		return err
	}
	if !done {
		return p.show(v, &retentionPage{Form: form}, e.Values, v.ShowAgain)
	}

	return answerSaved(v, retentionPath, result.About("retention"))
}

// shortenedTimes lists the times that a change shortens, as "retention.arrived_days=7", with spaces between them. It
// returns "" if the change shortens none.
func shortenedTimes(form *web.Form, values map[string][]string) string {
	var list []string
	for _, g := range form.Groups {
		for _, f := range g.Fields {
			given, changes := values[f.Name]
			before, _ := strconv.Atoi(cmp.Or(f.Value, f.Placeholder)) // 0 if no number of days is set: nothing is shorter
			after, err := strconv.Atoi(cmp.Or(strings.Join(given, ""), f.Placeholder))
			isShorter := err == nil && after < before
			if changes && isShorter {
				list = append(list, f.Name+"="+strconv.Itoa(after))
			}
		}
	}
	return strings.Join(list, " ")
}
