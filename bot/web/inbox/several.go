package inbox

import (
	"crypto/rand"
	"errors"
	"slices"
	"strings"

	"parley/bot/verb"
	"parley/bot/view"
	"parley/bot/web"
	"parley/bridge"
)

// One thing is done with several conversations of a list, or with one of them by the menu of its row. It is the same act as that of the
// form on the chats' own pages, and is taken back in the same way.

// severalForm is the part of listPage that is about several conversations.
type severalForm struct {
	Path   string // the URL of the list, to which the forms are sent
	Form   string // see threadPage
	Opened int64
	People []web.Choice
	Tags   []string // that can be added
	Wrong  string   // what is wrong with the form that was sent; "" means nothing
	Typed  map[string]string
	Note   *result // of the previous form; nil if there is nothing to say
	Told   string  // what became of it: "12 resolved, 2 not:"
	Not    []string
	Undo   string // the name of the act that can be taken back; "" if none can
}

// addSeveral adds the forms for several conversations to a page, and what became of the one that was sent last.
func (p pages) addSeveral(v *web.Visit, page *listPage, l bridge.Listing, choices bridge.ListChoices) error {
	page.Path, page.Form, page.Typed = listAddress("/inbox", queryOf(v)), rand.Text(), typedFields(v.Request.PostForm)
	page.Opened = l.Now.UnixMicro()
	for _, a := range choices.Agents {
		page.People = append(page.People, web.Choice{Value: a.Email, Text: a.Name, Chosen: a.Email == page.Typed["people"]})
	}
	for _, t := range choices.Tags {
		page.Tags = append(page.Tags, t.Name)
	}

	name := v.Value("act")
	if name == "" || page.Wrong != "" {
		return nil
	}
	done, err := p.desk.Result(v.Context(), v.Person.ID, 0, name)
	if err != nil || done.Told == nil {
		page.Note = resultOf(done)
		return err
	}
	if told, ok := done.Told.Content.(*bridge.SeveralLine); ok {
		page.Told, page.Not = verb.SeveralWords(told)
	}
	if len(done.Told.Verbs) > 0 {
		page.Undo = name
	}
	return nil
}

// doSeveral stores what was asked for several conversations, or that it is taken back, and shows the list again with the result.
func (p pages) doSeveral(v *web.Visit) error {
	a, problem, err := p.readSeveral(v)
	if err != nil {
		return refuse(v, err)
	}
	if problem != "" {
		return p.showList(v, problem)
	}
	name, err := p.desk.Act(v.Context(), v.Person.ID, a)
	if refused, ok := errors.AsType[*bridge.Problem](err); ok {
		return p.showList(v, strings.TrimSpace(refused.Text+" "+refused.Hint))
	}
	if err != nil {
		return refuse(v, err)
	}
	return v.Go(listAddress("/inbox", queryOf(v)) + "&act=" + name)
}

func (p pages) readSeveral(v *web.Visit) (a bridge.Act, problem string, err error) {
	form := v.Request.PostForm
	if name := form.Get("undo"); name != "" {
		done, err := p.desk.Result(v.Context(), v.Person.ID, 0, name)
		if err != nil || done.Told == nil || len(done.Told.Verbs) == 0 {
			return a, "That can't be taken back.", err
		}
		return bridge.Act{Verb: bridge.VerbSeveral, Args: done.Told.Args, Form: "undo " + name}, "", nil
	}

	a = bridge.Act{Verb: bridge.VerbSeveral, Form: form.Get("form")}
	if a.Form == "" || len(a.Form) > maxKeyBytes {
		return a, notFromPage, nil
	}
	if !slices.Contains(bridge.ForSeveral(), bridge.Verb(form.Get("do"))) {
		return a, "Press the button of what is to be done.", nil
	}
	filled, problems := view.Submit(a.Verb, a.Args, form, v.Now(), v.Person.Zone)
	for _, problem := range problems {
		return a, problem, nil
	}
	a.Args = filled.Args
	return a, readOpened(form, &a), nil
}
