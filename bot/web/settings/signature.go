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

// A signature stands below replies. Each account can have one, for the replies of everybody. Where customers see
// formatted mail (Channel.Letters), agents can also write one of their own on "My page"; it takes the place of the
// account's.

const (
	mePath        = "/settings/me"
	signaturePath = "signature"

	maxPictureBytes = 2 << 20 // that are read of an upload; Desk.Embed says how large a picture may be
)

func (p pages) signatureRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET " + accountsPath + "/{name}/signature", For: web.Admins, Do: p.showAccountSignature},
		{Pattern: "POST " + accountsPath + "/{name}/signature", For: web.Admins, Do: p.saveAccountSignature},
		{Pattern: "GET " + mePath, For: web.Agents, Do: p.showMe},
		{Pattern: "POST " + mePath, For: web.Agents, Do: p.saveMe},
	}
}

// signaturePage is a page on which a signature is written: that of an account, or of the person who is signed in.
type signaturePage struct {
	pages

	entry   *setup.Entry
	channel string // the kind of account whose customers get the signature
	path    string
	screen  web.Screen
	before  []fieldGroup // the fields before the signature
	help    string       // says where the signature stands; "" if it would stand nowhere, and isn't offered
	back    string
}

// Where signatures stand, and how they are written.
const (
	helpOfLetters = "Below the mails that leave. Markdown (`**bold**`, `[link](https://acme.com)`, lists and tables) or HTML. " +
		"Pictures are uploaded here, or have an `https` address."
	helpOfTexts = "Below each reply of this account, as text, if both fit into one message. " +
		"Markdown (`**bold**`, `[link](https://acme.com)`, lists) becomes what customers' apps show. Pictures are not sent."
)

// hasLetters reports whether customers of a channel see formatted signatures with pictures; see Channel.Letters.
func hasLetters(desk Desk, channel string) bool {
	return slices.ContainsFunc(desk.Channels(), func(c Channel) bool { return c.Kind == channel && c.Letters })
}

// letterChannel returns the channel of an account in whose replies agents have signatures of their own; "" if there is none.
func letterChannel(desk Desk, all []setup.Entry) string {
	for _, e := range ofKind(all, setup.EntryAccount) {
		if hasLetters(desk, e.Channel) {
			return e.Channel
		}
	}
	return ""
}

// makeForm makes the form of the page. The fields of a picture stand in the template: they are no values of the entry.
func (s signaturePage) makeForm() web.Form {
	parts := slices.Clone(s.before)
	if s.help != "" {
		parts = append(parts, fieldGroup{title: "Signature", help: s.help, paths: []string{signaturePath}})
	}
	form := formOf(s.path, s.desk.Fields(s.entry.Kind, s.entry.Channel), s.entry, parts)
	form.Back, form.Files = s.back, true
	text := findField(&form, signaturePath)
	text.Label, text.Help = "Text", ""
	if s.entry.Kind == setup.EntryAgent {
		findField(&form, "presence").Help = "While you are away, " +
			"your team is told in your place when one of your conversations needs somebody, and you are not suggested as an owner."
	}
	return form
}

// templateName is the page's template.
const templateName = "signature"

// fillScreen returns the page with a form, and with what customers see of the signature in it.
func (s signaturePage) fillScreen(v *web.Visit, form *web.Form) (web.Screen, error) {
	source := findField(form, signaturePath).Value
	data := map[string]any{"Form": form, "Letters": hasLetters(s.desk, s.channel)}
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

func (s signaturePage) show(v *web.Visit, form *web.Form) error {
	screen, err := s.fillScreen(v, form)
	if err != nil {
		return err
	}
	return v.Show(templateName, screen)
}

// showAgain shows a form that was sent with errors.
func (s signaturePage) showAgain(v *web.Visit, form *web.Form) error {
	screen, err := s.fillScreen(v, form)
	if err != nil {
		return err
	}
	return v.ShowAgain(templateName, screen)
}

// capitalizeFirst makes the first letter of a text a capital.
func capitalizeFirst(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(first)) + s[size:]
}

// save saves what was sent, or only shows how it looks.
func (s signaturePage) save(v *web.Visit) error {
	form := s.makeForm()
	picture, problem, err := s.embedPicture(v)
	if err != nil {
		return err
	}
	if picture != "" { // from here on the form was sent with the picture in its text
		text := strings.Join(v.Request.PostForm[signaturePath], "\n")
		v.Request.PostForm.Set(signaturePath, withPicture(text, picture, v.Value("picture_says")))
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

	c := setup.Change{
		Kind:    s.entry.Kind,
		Name:    s.entry.Name,
		Channel: s.entry.Channel,
		Version: v.Value("version"),
		Values:  changeOf(v, form, s.entry),
	}
	result, done, err := s.trySave(v, c, &form)
	if err != nil {
		return err
	}
	if !done {
		return s.showAgain(v, &form)
	}

	return answerSaved(v, s.path, result.About(s.entry.Name))
}

// embedPicture returns the address of a picture that was uploaded, with the picture in it; "" if there is none. problem says
// for people what is wrong with the picture.
func (s signaturePage) embedPicture(v *web.Visit) (address, problem string, err error) {
	if !hasLetters(s.desk, s.channel) || v.Request.MultipartForm == nil {
		return "", "", nil
	}
	pictures := v.Request.MultipartForm.File["picture"]
	if len(pictures) == 0 {
		return "", "", nil
	}

	file, err := pictures[0].Open()
	if err != nil {
		return "", "", fmt.Errorf("open the uploaded picture: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	content, err := io.ReadAll(io.LimitReader(file, maxPictureBytes))
	if err != nil {
		return "", "", fmt.Errorf("read the uploaded picture: %w", err)
	}
	if len(content) == 0 {
		return "", "", nil
	}

	address, err = s.desk.Embed(content)
	if wrong, ok := errors.AsType[*setup.SignatureError](err); ok {
		return "", capitalizeFirst(wrong.Error()), nil
	}
	return address, "", err
}

// withPicture appends a picture to the text of a signature, which is Markdown or HTML.
func withPicture(text, address, description string) string {
	text = strings.TrimRight(text, " \r\n")
	description = strings.NewReplacer("[", "(", "]", ")", "\\", "/", "<", "", ">", "", "\n", " ").Replace(description)
	isHTML := strings.HasPrefix(text, "<")
	switch picture := "![" + description + "](" + address + ")"; {
	case isHTML:
		return text + `<img src="` + address + `" alt="` + template.HTMLEscapeString(description) + `">`
	case text == "":
		return picture
	default:
		return text + "\n\n" + picture
	}
}

// withSignaturePage calls do with the page of an account's signature.
func (p pages) withSignaturePage(v *web.Visit, do func(signaturePage) error) error {
	return p.withAccountEntry(v, func(e *setup.Entry) error {
		s := signaturePage{
			pages:   p,
			entry:   e,
			channel: e.Channel,
			path:    accountPath(e.Name) + "/signature",
			screen:  web.Screen{Title: "Signature of " + e.Name, Help: "Below the replies of everybody: signatures of people are for mails."},
			help:    helpOfTexts,
			back:    accountPath(e.Name),
		}
		if hasLetters(p.desk, e.Channel) {
			s.help = helpOfLetters
			s.screen.Help = "Below the mails of everybody who has no signature of their own."
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

// withOwnPage calls do with the page of the person who is signed in.
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

func (s signaturePage) showStored(v *web.Visit) error {
	form := s.makeForm()
	return s.show(v, &form)
}
