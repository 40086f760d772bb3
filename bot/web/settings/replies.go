package settings

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"parley/bot/web"
	"parley/bridge/analysis"
	"parley/bridge/setup"
)

// The page of what an account answers by itself: three texts, and those for some days, each with a text for some languages. They are
// values of the account below the path "auto_reply". The form has rows of a language and its text, which become such values:
//
//	auto_reply.closed.text          We open {{opens}}.
//	auto_reply.closed.languages.de  Wir öffnen {{opens}}.
//	auto_reply.dates.0.from         2026-12-24

const (
	repliesKey   = "auto_reply"
	datesPath    = "auto_reply.dates."
	languagesKey = "languages."
)

// replyPages has the handlers of the page.
type replyPages struct{ pages }

func (p replyPages) listRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET " + accountsPath + "/{name}/automatic", For: web.Admins, Do: p.showReplies},
		{Pattern: "POST " + accountsPath + "/{name}/automatic", For: web.Admins, Do: p.saveReplies},
	}
}

// replyText has the fields of one text: Fields is a group of the form with all of them.
type replyText struct {
	web.Group
	path string // "auto_reply.first."
	Warn string
	Days []web.Field // From and To; nil if it isn't for some days
	Text web.Field
	Rows [][2]web.Field // a language and its text
}

// readReplyTexts returns the texts of an account, those for days last, with room for more.
func readReplyTexts(v *web.Visit, e *setup.Entry) []replyText {
	list := []replyText{
		newReplyText(v, e, repliesKey+".closed.", "Outside business hours", "To the first message of each customer in a night, a weekend or a "+
			"break. `{{opens}}` is when you open next: “Monday 09:00”. `{{first_name}}` is the customer's."),
		newReplyText(v, e, repliesKey+".first.", "At first contact", "To the first message ever of a customer, while you are open."),
		newReplyText(v, e, repliesKey+".always.", "Always", "To each other message while you are open, once an hour at most."),
	}
	list[2].Warn = "Careful: customers who talk with you get this text again and again. Most teams leave it empty."

	const moreDates = 1
	stored := 0
	for e.Value(fmt.Sprintf("%s%d.from", datesPath, stored)) != "" {
		stored++
	}
	for i := range max(stored+moreDates, countSubmitted(v, datesPath, ".from")) {
		path := fmt.Sprintf("%s%d.", datesPath, i)
		text := newReplyText(v, e, path, "", "")
		for _, day := range [][2]string{{"from", "First day"}, {"to", "Last day"}} {
			text.Days = append(text.Days, web.Field{Name: path + day[0], Label: day[1], Kind: "date", Value: e.Value(path + day[0])})
		}
		list = append(list, text)
	}
	for i := range list {
		t := &list[i]
		t.Fields = append(slices.Clone(t.Days), t.Text)
		for _, row := range t.Rows {
			t.Fields = append(t.Fields, row[:]...)
		}
	}
	return list
}

// newReplyText returns the fields of the text at a path.
func newReplyText(v *web.Visit, e *setup.Entry, path, title, help string) replyText {
	t := replyText{path: path, Group: web.Group{Title: title, Help: help}}
	t.Text = web.Field{Name: path + "text", Label: "Text", Kind: web.KindText, Value: e.Value(path + "text")}

	var codes []string
	for at := range maps.Keys(e.Values) {
		if code, isLanguage := strings.CutPrefix(at, path+languagesKey); isLanguage {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	codes = append(codes, make([]string, max(countSubmitted(v, path+languagesKey, ".code")-len(codes), 1))...)
	for i, code := range codes {
		at := fmt.Sprintf("%s%s%d.", path, languagesKey, i)
		language := web.Field{Name: at + "code", Label: "Language", Kind: web.KindChoice, Value: code, Choices: []web.Choice{{Text: "none"}}}
		for _, l := range analysis.Languages() {
			language.Choices = append(language.Choices, web.Choice{Value: l.Code, Text: l.Name, Chosen: l.Code == code})
		}
		text := web.Field{Name: at + "words", Label: "Text", Kind: web.KindText}
		if code != "" {
			text.Value = e.Value(path + languagesKey + code)
		}
		t.Rows = append(t.Rows, [2]web.Field{language, text})
	}
	return t
}

// repliesForm returns the form, and its texts.
func repliesForm(v *web.Visit, e *setup.Entry) (web.Form, []replyText) {
	form := web.Form{Action: accountPath(e.Name) + "/automatic", Version: e.Version, Back: accountPath(e.Name) + "/replies"}
	texts := readReplyTexts(v, e)
	for _, t := range texts {
		form.Groups = append(form.Groups, t.Group)
	}
	return form, texts
}

// repliesScreen returns the page with a form, whose fields may have problems.
func (p replyPages) repliesScreen(e *setup.Entry, form *web.Form, texts []replyText) web.Screen {
	for i := range texts {
		t, fields := &texts[i], form.Groups[i].Fields
		n := len(t.Days)
		t.Days, t.Text = fields[:n], fields[n]
		for k := range t.Rows {
			t.Rows[k] = [2]web.Field(fields[n+1+2*k:])
		}
	}
	const always = 3 // texts that aren't for some days
	return web.Screen{
		Title: "Automatic replies of " + e.Name,
		Tabs:  accountTabs(e, "Replies"),
		Help: "What customers hear at once. Nothing is sent without a text, and never to automatic mail, to what is older than " +
			"15 minutes, or while an agent's reply is on its way. It counts as nobody's answer.",
		Data: map[string]any{"Form": form, "Texts": texts[:always], "Dates": texts[always:], "Hours": accountPath(e.Name) + "/hours"},
	}
}

func (p replyPages) showReplies(v *web.Visit) error {
	return p.withAccountEntry(v, func(e *setup.Entry) error {
		form, texts := repliesForm(v, e)
		return v.Show("replies", p.repliesScreen(e, &form, texts))
	})
}

func (p replyPages) saveReplies(v *web.Visit) error {
	return p.withAccountEntry(v, func(e *setup.Entry) error {
		form, texts := repliesForm(v, e)
		if problems := halfReplies(v, texts); len(problems) > 0 {
			form.Keep(v, problems)
			return v.ShowAgain("replies", p.repliesScreen(e, &form, texts))
		}
		return p.saveForm(v, changeTo(v, e, repliesChange(v, texts)), &form, form.Action, func() error {
			return v.ShowAgain("replies", p.repliesScreen(e, &form, texts))
		})
	})
}

// halfReplies returns what is missing beside what somebody typed, by field.
func halfReplies(v *web.Visit, texts []replyText) map[string]string {
	problems := map[string]string{}
	for _, t := range texts {
		isNew := len(t.Days) > 0 && t.Days[0].Value == ""
		if isNew && v.Value(t.Days[0].Name) == "" && v.Value(t.Days[1].Name)+v.Value(t.Text.Name) != "" {
			problems[t.Days[0].Name] = "Say the first day."
		}
		var codes []string
		for _, row := range t.Rows {
			switch code := v.Value(row[0].Name); {
			case code == "" && row[0].Value == "" && v.Value(row[1].Name) != "":
				problems[row[0].Name] = "Choose the language."
			case code != "" && slices.Contains(codes, code):
				problems[row[0].Name] = "This language is there already."
			default:
				codes = append(codes, code)
			}
		}
	}
	return problems
}

// repliesChange returns all submitted texts, or an empty map if none has changed. A change replaces all of them together. A text without
// its first day is removed, as is one without a language.
func repliesChange(v *web.Visit, texts []replyText) map[string][]string {
	values, changed := map[string][]string{repliesKey: nil}, false
	for _, t := range texts {
		given := map[string]string{}
		for _, f := range t.Fields {
			given[f.Name] = strings.Join(trimValues(f, v.Request.PostForm[f.Name]), "\n")
			changed = changed || given[f.Name] != f.Value
		}
		if len(t.Days) > 0 && given[t.Days[0].Name] == "" {
			continue
		}
		for _, f := range append(slices.Clone(t.Days), t.Text) {
			if given[f.Name] != "" {
				values[f.Name] = []string{given[f.Name]}
			}
		}
		for _, row := range t.Rows {
			if code, words := given[row[0].Name], given[row[1].Name]; code != "" && words != "" {
				values[t.path+languagesKey+code] = []string{words}
			}
		}
	}
	if !changed {
		return map[string][]string{}
	}
	return values
}
