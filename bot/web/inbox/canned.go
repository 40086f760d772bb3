package inbox

import (
	"strings"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bot/web"
	"parley/bridge"
)

// insertCanned inserts the canned reply that a form of a reply asks for into the form's text, to be shown again. isInserted is false if it
// asks for none.
func (p pages) insertCanned(v *web.Visit, a bridge.Act) (isInserted bool, problem string, err error) {
	form := v.Request.PostForm
	find := strings.TrimPrefix(strings.TrimSpace(form.Get("canned")), "\\")
	if a.Verb != bridge.VerbReply || find == "" {
		return false, "", nil
	}
	f, err := p.desk.Facts(v.Context(), v.Person.ID, a.Args.Conversation)
	if err != nil {
		return true, "", err
	}
	list, err := p.desk.Canned(v.Context(), v.Person.ID, f)
	if err != nil {
		return true, "", err
	}

	in := shape.FormInput{Text: form.Get("text"), Canned: list}
	in.Args.Canned = &bridge.CannedArgs{Find: find}
	text, index := verb.WithCanned(in)
	if index < 0 {
		return true, "There is not one canned reply with “" + shape.OneLine(find, shape.MaxNameRunes) +
			"” that fits: choose one from the list.", nil
	}
	form.Set("text", text)
	form.Set("inserted", list[index].Keyword)
	return true, "", nil
}
