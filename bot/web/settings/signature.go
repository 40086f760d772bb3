package settings

import (
	"errors"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/bot/web"
	"parley/bridge/setup"
)

// A signature is appended to replies. Each account can have one. On channels with formatted mail (Channel.Letters), agents
// can also write their own on their own page, which replaces the account's. This file has that page and an account's tab Replies.

const (
	mePath        = "/settings/me"
	signaturePath = "signature"

	maxPictureBytes = 2 << 20 // of an upload; the limit of Desk.AddPicture is lower
)

func (p pages) signatureRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET " + accountsPath + "/{name}/replies", For: web.Admins, Do: p.showAccountSignature},
		{Pattern: "POST " + accountsPath + "/{name}/replies", For: web.Admins, Do: p.saveAccountSignature},
		{Pattern: "GET " + mePath, For: web.Agents, Do: p.showMe},
		{Pattern: "POST " + mePath, For: web.Agents, Do: p.saveMe},
	}
}

// signaturePage is the page of an account's signature, or the page of the signed-in person.
type signaturePage struct {
	pages

	entry   *setup.Entry // the account or the agent
	channel string       // the kind of account whose customers see the signature
	path    string
	screen  web.Screen
	fields  []setup.Field
	before  []fieldGroup // the fields above the signature
	after   []fieldGroup // the fields below the signature
	help    string       // the help text of the signature; "" hides the signature, because no replies would have it
}

// Help texts of signatures, for channels with and without formatted mail.
const (
	helpOfLetters = "Markdown (`**bold**`, `[link](https://acme.com)`, lists and tables) or HTML. " +
		"Pictures are uploaded here, or have an `https` address."
	helpOfTexts = "Below each reply of this account, as text, if both fit into one message. " +
		"Markdown (`**bold**`, `[link](https://acme.com)`, lists) becomes what customers' apps show. Pictures are not sent."
)

// hasLetters returns Channel.Letters of a channel.
func hasLetters(desk Desk, channel string) bool {
	return slices.ContainsFunc(desk.Channels(), func(c Channel) bool { return c.Kind == channel && c.Letters })
}

// letterChannel returns the channel of the first account with Channel.Letters; "" if there is none.
func letterChannel(desk Desk, all []setup.Entry) string {
	for _, e := range ofKind(all, setup.EntryAccount) {
		if hasLetters(desk, e.Channel) {
			return e.Channel
		}
	}
	return ""
}

// makeForm returns the form of the page. The fields to upload a picture are in the template, because they aren't values of
// the entry.
func (s signaturePage) makeForm() web.Form {
	parts := slices.Clone(s.before)
	if s.help != "" {
		parts = append(parts, fieldGroup{title: "Signature", help: s.help, paths: []string{signaturePath}})
	}
	form := formOf(s.path, s.fields, s.entry, append(parts, s.after...))
	form.Files = true
	text := findField(&form, signaturePath)
	text.Label, text.Help = "Text", ""
	if s.entry.Kind == setup.EntryAgent {
		findField(&form, "presence").Help = "While you are away, your team is told in your place " +
			"when one of your conversations needs somebody, and you are not suggested as an owner."
	}
	return form
}

const templateName = "signature"

// fillScreen returns the page with a form and a preview of the signature in it.
func (s signaturePage) fillScreen(v *web.Visit, form *web.Form) (web.Screen, error) {
	source := findField(form, signaturePath).Value
	data := map[string]any{"Form": form, "Letters": hasLetters(s.desk, s.channel), "Account": ""}
	if s.entry.Kind == setup.EntryAccount {
		data["Account"] = accountPath(s.entry.Name)
	}
	if source != "" {
		shown, err := s.desk.Preview(v.Context(), s.channel, source)
		var wrong *setup.SignatureError
		switch {
		case errors.As(err, &wrong):
			if f := findField(form, signaturePath); f.Problem == "" {
				f.Problem = capitalizeFirst(wrong.Error())
			}
		case err != nil:
			return web.Screen{}, err
		default:
			data["Shown"] = template.HTML(shown.HTML) //nolint:gosec // see Preview.HTML
			data["Text"] = shown.Text
		}
	}

	screen := s.screen
	screen.Data = data
	return screen, nil
}

// show shows a form.
func (s signaturePage) show(v *web.Visit, form *web.Form) error {
	screen, err := s.fillScreen(v, form)
	if err != nil {
		return err
	}
	return v.Show(templateName, screen)
}

// showAgain shows a submitted form with errors.
func (s signaturePage) showAgain(v *web.Visit, form *web.Form) error {
	screen, err := s.fillScreen(v, form)
	if err != nil {
		return err
	}
	return v.ShowAgain(templateName, screen)
}

// capitalizeFirst returns s with its first letter in upper case.
func capitalizeFirst(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(first)) + s[size:]
}

// save saves the submitted form. With the parameter "preview" it only shows the form again with a preview.
func (s signaturePage) save(v *web.Visit) error {
	form := s.makeForm()
	problem, err := s.addPicture(v)
	if err != nil {
		return err
	}

	switch {
	case problem != "":
		form.Keep(v, nil)
		form.Problems = []string{problem}
		return s.showAgain(v, &form)
	case v.Value("preview") != "":
		form.Keep(v, nil)
		return s.show(v, &form)
	}

	return s.saveForm(v, changeTo(v, s.entry, changeOf(v, form, s.entry)), &form, s.path, func() error { return s.showAgain(v, &form) })
}

// addPicture adds an uploaded picture to the submitted text, if there is one. problem says what is wrong with the picture, as
// text for the page.
func (s signaturePage) addPicture(v *web.Visit) (problem string, err error) {
	content, err := s.readPicture(v)
	if err != nil || len(content) == 0 {
		return "", err
	}

	text := strings.Join(v.Request.PostForm[signaturePath], "\n")
	text, err = s.desk.AddPicture(text, content, v.Value("picture_says"))
	if wrong, ok := errors.AsType[*setup.SignatureError](err); ok {
		return capitalizeFirst(wrong.Error()), nil
	}
	if err != nil {
		return "", err
	}
	v.Request.PostForm.Set(signaturePath, text)
	return "", nil
}

// readPicture returns the bytes of an uploaded picture; none if there is no picture, or if customers would see none.
func (s signaturePage) readPicture(v *web.Visit) ([]byte, error) {
	if !hasLetters(s.desk, s.channel) || v.Request.MultipartForm == nil {
		return nil, nil
	}
	pictures := v.Request.MultipartForm.File["picture"]
	if len(pictures) == 0 {
		return nil, nil
	}

	file, err := pictures[0].Open()
	if err != nil {
		return nil, fmt.Errorf("open the uploaded picture: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	content, err := io.ReadAll(io.LimitReader(file, maxPictureBytes))
	if err != nil {
		return nil, fmt.Errorf("read the uploaded picture: %w", err)
	}
	return content, nil
}

// withSignaturePage calls do with the tab Replies of the account in the URL.
func (p pages) withSignaturePage(v *web.Visit, do func(signaturePage) error) error {
	return p.withEntries(v, setup.EntryAccount, "account", func(all []setup.Entry, e *setup.Entry) error {
		s := signaturePage{
			pages:   p,
			entry:   e,
			channel: e.Channel,
			path:    accountPath(e.Name) + "/replies",
			screen:  web.Screen{Title: "Replies of " + e.Name, Tabs: accountTabs(e, "Replies")},
			fields:  withCompanyDefaults(p.desk.Fields(e.Kind, e.Channel), all),
			before:  []fieldGroup{{title: "Replies", paths: append([]string{"reply_mode", "hold"}, settingsOf("replies")...)}},
			after:   []fieldGroup{{title: "Seldom needed", folded: true, paths: append([]string{"rate"}, settingsOf("sending")...)}},
			help:    helpOfTexts,
		}
		if hasLetters(p.desk, e.Channel) {
			s.help = "Below the mails of everybody who has no signature of their own. " + helpOfLetters
		}

		return do(s)
	})
}

func (p pages) showAccountSignature(v *web.Visit) error {
	return p.withSignaturePage(v, func(s signaturePage) error { return s.showStored(v) })
}

func (p pages) saveAccountSignature(v *web.Visit) error {
	return p.withSignaturePage(v, func(s signaturePage) error { return s.save(v) })
}

// withOwnPage calls do with the page of the signed-in person.
func (p pages) withOwnPage(v *web.Visit, do func(signaturePage) error) error {
	all, err := p.desk.Entries(v.Context())
	if err != nil {
		return err
	}

	e := find(all, setup.EntryAgent, v.Person.Email)
	if e == nil {
		return refuseMissing(v, "agent", v.Person.Email)
	}

	s := signaturePage{
		pages:   p,
		entry:   e,
		channel: letterChannel(p.desk, all),
		path:    mePath,
		fields:  p.desk.Fields(e.Kind, ""),
		screen:  web.Screen{Title: v.Person.Name, Help: "What is yours here."},
		before:  []fieldGroup{{title: "You", paths: []string{"zone"}}, noticesPart()},
	}
	if s.channel != "" {
		s.help = helpOfLetters
		s.screen.Help += " Your signature stands below the mails that you write, in place of the account's."
	}

	return do(s)
}

func (p pages) showMe(v *web.Visit) error {
	return p.withOwnPage(v, func(s signaturePage) error { return s.showStored(v) })
}

func (p pages) saveMe(v *web.Visit) error {
	return p.withOwnPage(v, func(s signaturePage) error { return s.save(v) })
}

// showStored shows the form with the stored values.
func (s signaturePage) showStored(v *web.Visit) error {
	form := s.makeForm()
	return s.show(v, &form)
}
