package settings

import (
	"errors"
	"html/template"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/bot/web"
	"parley/bridge/setup"
)

const (
	mePath        = "/settings/me"
	signaturePath = "signature"

	mostPictureBytes = 2 << 20 // that are read of an upload; how large it may be says Embed
)

func (p pages) signatureRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET " + accountsPath + "/{name}/signature", For: web.Admins, Do: p.showAccountSignature},
		{Pattern: "POST " + accountsPath + "/{name}/signature", For: web.Admins, Do: p.saveAccountSignature},
		{Pattern: "GET " + mePath, For: web.Agents, Do: p.showMe},
		{Pattern: "POST " + mePath, For: web.Agents, Do: p.saveMe},
	}
}

// signing is a page on which a signature is written: that of an account, or of whoever is signed in.
type signing struct {
	pages

	entry   *setup.Entry
	channel string // the kind of account whose customers get the signature
	path    string
	screen  web.Screen
	before  []part // the fields before the signature
	help    string // says where the signature stands; "" = it would stand nowhere, and isn't offered
	back    string
}

// Where signatures stand, and how they are written.
const (
	helpOfLetters = "Below the mails that leave. Markdown (`**bold**`, `[link](https://acme.com)`, lists and tables) or HTML. Pictures are uploaded here, or have an `https` address."
	helpOfTexts   = "Below each reply of this account, as text, if both fit into one message. Markdown (`**bold**`, `[link](https://acme.com)`, lists) becomes what customers' apps show. Pictures are not sent."
)

// letters reports whether customers of a channel see signatures as they are formatted, with pictures.
func letters(desk Desk, channel string) bool {
	return slices.ContainsFunc(desk.Channels(), func(c Channel) bool { return c.Kind == channel && c.Letters })
}

// lettersOf finds the channel of an account in whose replies agents have signatures of their own; "" = there is none.
func lettersOf(desk Desk, all []setup.Entry) string {
	for _, e := range ofKind(all, setup.EntryAccount) {
		if letters(desk, e.Channel) {
			return e.Channel
		}
	}
	return ""
}

// form has the fields of the page. The picture's are not those of an entry.
func (s signing) form() web.Form {
	parts := slices.Clone(s.before)
	if s.help != "" {
		parts = append(parts, part{title: "Signature", help: s.help, paths: []string{signaturePath}})
	}
	form := formOf(s.path, s.desk.Fields(s.entry.Kind, s.entry.Channel), s.entry, parts)
	form.Back, form.Files = s.back, true
	text := field(&form, signaturePath)
	text.Label, text.Help = "Text", ""
	if s.entry.Kind == setup.EntryAgent {
		field(&form, "presence").Help = "While you are away, your team is told in your place when one of your conversations needs somebody, and you are not suggested as an owner."
	}
	return form
}

// show shows the page with what customers see.
func (s signing) show(v *web.Visit, form *web.Form, again bool) error {
	source := field(form, signaturePath).Value
	data := map[string]any{"Form": form, "Letters": letters(s.desk, s.channel)}
	if source != "" {
		shown, err := s.desk.Preview(v.Context(), s.channel, source)
		var wrong *setup.SignatureError
		switch {
		case errors.As(err, &wrong):
			if f := field(form, signaturePath); f.Problem == "" {
				f.Problem = upper(wrong.Error())
			}
		case err != nil:
			return err
		default:
			data["Shown"] = template.HTML(shown.HTML) //nolint:gosec // Preview gives HTML in which nothing acts
			data["Text"] = shown.Text
		}
	}
	s.screen.Data = data
	if again {
		return v.ShowAgain("signature", s.screen)
	}
	return v.Show("signature", s.screen)
}

// upper begins a text with a capital letter.
func upper(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(first)) + s[size:]
}

// save saves what was sent, or only shows how it looks.
func (s signing) save(v *web.Visit) error {
	form := s.form()
	problem, err := s.upload(v)
	if err != nil {
		return err
	}
	values := changeOf(v, form, s.entry)
	if problem != "" || v.Value("preview") != "" {
		form.Keep(v, nil)
		if problem != "" {
			form.Problems = []string{problem}
		}
		return s.show(v, &form, problem != "")
	}
	c := setup.Change{Kind: s.entry.Kind, Name: s.entry.Name, Channel: s.entry.Channel, Version: v.Value("version"), Values: values}
	result, done, err := s.attempt(v, c, &form)
	switch {
	case err != nil:
		return err
	case !done:
		return s.show(v, &form, true)
	}
	return saved(v, s.path, about(result, s.entry.Name))
}

// upload puts a picture that was sent behind the signature that was sent. It returns what is wrong with the picture.
func (s signing) upload(v *web.Visit) (string, error) {
	if !letters(s.desk, s.channel) || v.Request.MultipartForm == nil || len(v.Request.MultipartForm.File["picture"]) == 0 {
		return "", nil
	}
	file, err := v.Request.MultipartForm.File["picture"][0].Open()
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, mostPictureBytes))
	if err != nil || len(content) == 0 {
		return "", err
	}
	address, err := s.desk.Embed(content)
	var wrong *setup.SignatureError
	if errors.As(err, &wrong) {
		return upper(wrong.Error()), nil
	}
	if err != nil {
		return "", err
	}
	says := strings.NewReplacer("[", "(", "]", ")", "\\", "/", "<", "", ">", "", "\n", " ").Replace(v.Value("picture_says"))
	text := strings.TrimRight(strings.Join(v.Request.PostForm[signaturePath], "\n"), " \r\n")
	picture := "![" + says + "](" + address + ")"
	if strings.HasPrefix(text, "<") {
		picture = `<img src="` + address + `" alt="` + template.HTMLEscapeString(says) + `">`
	} else if text != "" {
		picture = "\n\n" + picture
	}
	v.Request.PostForm.Set(signaturePath, text+picture)
	return "", nil
}

// accountSignature does something with the page of an account's signature.
func (p pages) accountSignature(v *web.Visit, do func(signing) error) error {
	return p.named(v, setup.EntryAccount, "account", func(e *setup.Entry) error {
		s := signing{pages: p, entry: e, channel: e.Channel, path: accountPath(e.Name) + "/signature", back: accountPath(e.Name), help: helpOfTexts,
			screen: web.Screen{Title: "Signature of " + e.Name, Help: "Below the replies of everybody: signatures of people are for mails."}}
		if letters(p.desk, e.Channel) {
			s.help, s.screen.Help = helpOfLetters, "Below the mails of everybody who has no signature of their own."
		}
		return do(s)
	})
}

func (p pages) showAccountSignature(v *web.Visit) error {
	return p.accountSignature(v, func(s signing) error { return s.begin(v) })
}

func (p pages) saveAccountSignature(v *web.Visit) error {
	return p.accountSignature(v, func(s signing) error { return s.save(v) })
}

// me does something with the page of whoever is signed in.
func (p pages) me(v *web.Visit, do func(signing) error) error {
	all, err := p.desk.Entries(v.Context())
	if err != nil {
		return err
	}
	e := find(all, setup.EntryAgent, v.Person.Email)
	if e == nil {
		return missing(v, "agent", v.Person.Email)
	}
	s := signing{pages: p, entry: e, channel: lettersOf(p.desk, all), path: mePath, before: []part{{title: "You", paths: []string{"zone"}}, noticesPart()},
		screen: web.Screen{Title: v.Person.Name, Help: "What is yours here."}}
	if s.channel != "" {
		s.help = helpOfLetters
		s.screen.Help += " Your signature stands below the mails that you write, in place of the account's."
	}
	return do(s)
}

func (p pages) showMe(v *web.Visit) error {
	return p.me(v, func(s signing) error { return s.begin(v) })
}

func (p pages) saveMe(v *web.Visit) error { return p.me(v, func(s signing) error { return s.save(v) }) }

// begin shows the page as it is stored.
func (s signing) begin(v *web.Visit) error {
	form := s.form()
	return s.show(v, &form, false)
}
