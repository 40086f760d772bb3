package web

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"parley/bridge"
)

// Visit is one request for a page, and its answer. Site.guardRoute makes it, checks that the person may use the
// route, and passes it to Route.Do. This handler reads from it what was sent and who is signed in, and answers by one
// call:
//
//	return v.Show("tags", screen)                // with a page: the template tags.html of the area
//	return v.Go("/settings/tags")                // by sending the browser to another page
//	return v.Refuse(http.StatusNotFound, "There is no such tag.", "Look for it in the list.")
type Visit struct {
	Request *http.Request
	Writer  http.ResponseWriter
	Person  Person // zero if nobody is signed in
	Token   string // the name of the token with which a program acts for Person; "" if Person is signed in

	site     *Site
	sessions *scs.SessionManager // of this request's kind of session: of the site, or of a frame (see TabPath)
	area     string
	textOnly bool // a program asks, and gets text instead of pages
}

// Screen is what the template of a page shows between the head and the foot that all pages have.
type Screen struct {
	Title string // the heading
	Help  string // what the page is for, in a sentence or two
	Data  any    // what this page's template needs
}

// Context is the request's. It ends when the browser closes the connection.
func (v *Visit) Context() context.Context { return v.Request.Context() }

// Now returns the time in the zone of the person who is signed in.
func (v *Visit) Now() time.Time {
	if v.Person.Zone == nil {
		return v.site.opt.Now()
	}
	return v.site.opt.Now().In(v.Person.Zone)
}

// Value returns a value of the form that was sent, or of the address, without spaces around it.
func (v *Visit) Value(name string) string { return strings.TrimSpace(v.Request.FormValue(name)) }

// pageData is what the templates around a page show.
type pageData struct {
	Screen

	Person  Person
	Company string
	Version string
	Menu    []menuLink
	Flash   string // a text that is shown this one time; see GoWithText
	Framed  bool   // the page is shown in a frame of a chat's client
	Assets  *assets
}

type menuLink struct {
	Link

	Here bool
}

// Show answers with a page: a template of the area, by its file's name without ".html".
func (v *Visit) Show(name string, s Screen) error { return v.show(http.StatusOK, v.area, name, s) }

// ShowAgain answers, with status 422, with the form that somebody sent and what is wrong with it.
func (v *Visit) ShowAgain(name string, s Screen) error {
	return v.show(http.StatusUnprocessableEntity, v.area, name, s)
}

// show answers with a page. It renders all of it first, so that after an error nobody gets half a page.
func (v *Visit) show(status int, area, name string, s Screen) error {
	read := v.site.templates[area+"/"+name]
	if read == nil {
		return fmt.Errorf("web: no template %s/%s", area, name)
	}

	t, err := read()
	if err != nil {
		return fmt.Errorf("web: template %s/%s: %w", area, name, err)
	}

	data := pageData{
		Screen:  s,
		Person:  v.Person,
		Company: v.site.opt.Company(v.Context()),
		Version: v.site.opt.Version,
		Menu:    v.listVisible(),
		Framed:  v.isFramed(),
		Assets:  v.site.assets,
		Flash:   v.sessions.PopString(v.Context(), flashKey),
	}

	var page bytes.Buffer
	if err := t.ExecuteTemplate(&page, "page", data); err != nil {
		return fmt.Errorf("web: page %s: %w", name, err)
	}

	v.Writer.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.Writer.WriteHeader(status)
	_, _ = page.WriteTo(v.Writer) // an error means that the browser went away
	return nil
}

// listVisible lists the pages that the person may see.
func (v *Visit) listVisible() (list []menuLink) {
	if v.Person.ID == 0 {
		return nil
	}
	for _, l := range v.site.listMenu() {
		if !v.Person.mayOpen(l.For) {
			continue
		}
		list = append(list, menuLink{l, l.contains(v.Request.URL.Path)})
	}
	return list
}

// contains reports whether the page at a path belongs to the entry of the menu.
func (l Link) contains(path string) bool {
	if path == l.Path {
		return true
	}
	if l.Path != homePath && strings.HasPrefix(path, l.Path+"/") { // all pages of the set-up are below homePath
		return true
	}
	return slices.ContainsFunc(l.Below, func(prefix string) bool { return strings.HasPrefix(path, prefix) })
}

// GoWithText sends the browser to a page of ours, which shows the text once.
func (v *Visit) GoWithText(path, text string) error {
	v.sessions.Put(v.Context(), flashKey, text)
	return v.Go(path)
}

// Go sends the browser to a page of ours.
func (v *Visit) Go(path string) error {
	path = OwnPath(path)
	if path == signInPath && v.isFramed() {
		path = TabPath + "?stay=yes" // the only page for people who are not signed in that may be shown in a frame
	}
	http.Redirect(v.Writer, v.Request, path, http.StatusSeeOther)
	return nil
}

// OwnPath returns a path if it leads to a page of this site, and otherwise the first page's. It is for paths from addresses, which
// must not send anybody to another site.
func OwnPath(path string) string {
	isOnSite := strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") // "//other.example" leads to another site
	if !isOnSite || strings.ContainsAny(path, "\\\r\n\t") {
		return homePath
	}
	for _, prefix := range pagePaths() {
		isPage := path == prefix || strings.HasPrefix(path, prefix+"?")
		isBelow := strings.HasSuffix(prefix, "/") && strings.HasPrefix(path, prefix)
		if isPage || isBelow {
			return path
		}
	}
	return homePath
}

// Refuse answers with a page that says what is wrong (text) and what to do (hint). Programs get plain text instead.
func (v *Visit) Refuse(status int, text, hint string) error {
	if v.textOnly {
		return v.writeText(status, text+" "+hint)
	}
	return v.show(status, "web", "refused", Screen{Title: text, Data: hint})
}

// NotFound answers that there is no such page or thing.
func (v *Visit) NotFound() error {
	if v.textOnly {
		return v.Refuse(http.StatusNotFound, "There is no such address.", "docs/api.md has them all.")
	}
	return v.Refuse(http.StatusNotFound, "There is no such page.", "It may have been renamed or taken out. Look for it in the menu.")
}

// Remember stores a text in this browser's session, until it is signed out. An empty text removes it.
func (v *Visit) Remember(key, value string) {
	if value == "" {
		v.sessions.Remove(v.Context(), "page."+key)
		return
	}
	v.shortenSession()
	v.sessions.Put(v.Context(), "page."+key, value)
}

// strangerLifetime is how long a session lasts in which nobody is signed in.
const strangerLifetime = 30 * time.Minute

// shortenSession lets the session end soon if nobody is signed in, because strangers can begin any number of sessions. Signing in
// begins a new one.
func (v *Visit) shortenSession() {
	if v.Person.ID == 0 {
		v.sessions.SetDeadline(v.Context(), v.site.opt.Now().Add(strangerLifetime))
	}
}

// Recall returns a text that Remember stored, or "" if there is none.
func (v *Visit) Recall(key string) string { return v.sessions.GetString(v.Context(), "page."+key) }

// Keys of what a session holds.
const (
	personKey = "person"
	flashKey  = "flash"
	nextKey   = "next"

	// The agent's Person.SignedOut when the session began, in microseconds since 1970. If it is another time now, the session is
	// not valid any more. So no two clocks are compared.
	signedOutKey = "signed out"

	// The agent's rights (Person.rank) when the session got its token.
	rankKey = "rank"
)

// SignIn signs an agent in with this browser. The session gets a new token, so that a token that an attacker planted
// in the browser before is worth nothing. Then the browser goes to the page that was asked for before signing in. If
// none was asked for, it goes to first, or to the site's first page if first is "".
func (v *Visit) SignIn(agent bridge.AgentID, first string) error {
	ctx := v.Context()
	person, err := v.site.opt.People.Person(ctx, agent)
	if err != nil {
		return fmt.Errorf("web: sign in: %w", err)
	}

	next := v.sessions.PopString(ctx, nextKey)
	if err := v.sessions.Clear(ctx); err != nil {
		return fmt.Errorf("web: sign in: %w", err)
	}
	if err := v.sessions.RenewToken(ctx); err != nil {
		return fmt.Errorf("web: sign in: %w", err)
	}

	v.sessions.Put(ctx, personKey, int64(agent)) // a session keeps no types of ours
	v.sessions.Put(ctx, rankKey, person.rank())
	v.sessions.Put(ctx, signedOutKey, person.SignedOut.UnixMicro())
	return v.Go(cmp.Or(next, first))
}

// SignInTo signs an agent in as SignIn does, and goes on to the given page.
func (v *Visit) SignInTo(agent bridge.AgentID, path string) error {
	v.sessions.Put(v.Context(), nextKey, OwnPath(path))
	return v.SignIn(agent, "")
}

// SignOut ends this browser's session.
func (v *Visit) SignOut() error { return v.sessions.Destroy(v.Context()) }

// signedInTimeout bounds one look whether a session is still valid.
const signedInTimeout = 10 * time.Second

// StillSignedIn reports whether the session is still valid. Answers that stream for as long as a page is open ask it, because the
// person may have signed out meanwhile.
func (v *Visit) StillSignedIn() (bool, error) {
	// The request's context has the session as it was when the request began, so it is loaded anew.
	ctx, cancel := context.WithTimeout(context.Background(), signedInTimeout)
	defer cancel()
	ctx, err := v.sessions.Load(ctx, v.sessions.Token(v.Context()))
	if err != nil {
		return false, fmt.Errorf("web: session: %w", err)
	}
	if v.sessions.GetInt64(ctx, personKey) != int64(v.Person.ID) {
		return false, nil
	}

	p, err := v.site.opt.People.Person(ctx, v.Person.ID)
	if errors.Is(err, ErrNobody) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return v.sessions.GetInt64(ctx, signedOutKey) == p.SignedOut.UnixMicro(), nil
}

// loadPerson returns who is signed in, or the zero Person if nobody is. It ends a session that is not valid any more.
func (v *Visit) loadPerson() (Person, error) {
	ctx := v.Context()
	id := v.sessions.GetInt64(ctx, personKey)
	if id == 0 {
		return Person{}, nil
	}

	p, err := v.site.opt.People.Person(ctx, bridge.AgentID(id))
	if errors.Is(err, ErrNobody) {
		return Person{}, v.sessions.Destroy(ctx)
	}
	if err != nil {
		return Person{}, err
	}
	if v.sessions.GetInt64(ctx, signedOutKey) != p.SignedOut.UnixMicro() {
		return Person{}, v.sessions.Destroy(ctx)
	}

	if v.sessions.GetInt(ctx, rankKey) != p.rank() { // a token that leaked before must not get the new rights
		v.sessions.Put(ctx, rankKey, p.rank())
		if err := v.sessions.RenewToken(ctx); err != nil {
			return Person{}, err
		}
	}
	return p, nil
}
