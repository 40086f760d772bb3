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

// Visit is one request for a page, and its answer.
type Visit struct {
	Request *http.Request
	Writer  http.ResponseWriter
	Person  Person // zero = nobody is signed in
	Token   string // the name of the token by which a program asks in that person's name; "" = the person is signed in

	site     *Site
	sessions *scs.SessionManager // of the kind of session that this request has
	area     string
	plain    bool // a program asks: it gets text instead of pages
}

// Screen is what a template shows.
type Screen struct {
	Title string
	Help  string // what the page is for, in a sentence or two
	Data  any    // the page's own
}

// Context ends when the browser goes away.
func (v *Visit) Context() context.Context { return v.Request.Context() }

// Now is the site's clock, in the zone of whoever is signed in.
func (v *Visit) Now() time.Time {
	if v.Person.Zone == nil {
		return v.site.opt.Now()
	}
	return v.site.opt.Now().In(v.Person.Zone)
}

// Value is a value of the form that was sent, or of the address, without the spaces around it.
func (v *Visit) Value(name string) string { return strings.TrimSpace(v.Request.FormValue(name)) }

// shown is what the templates around a page need.
type shown struct {
	Screen

	Person  Person
	Company string
	Menu    []shownLink
	Flash   string
	Assets  *assets
}

type shownLink struct {
	Link

	Here bool
}

// Show answers with a page: a template of the area, by its file's name without ".html".
func (v *Visit) Show(name string, s Screen) error { return v.show(http.StatusOK, v.area, name, s) }

// ShowAgain answers with the form that somebody sent, and what is wrong with it.
func (v *Visit) ShowAgain(name string, s Screen) error {
	return v.show(http.StatusUnprocessableEntity, v.area, name, s)
}

func (v *Visit) show(status int, area, name string, s Screen) error {
	read := v.site.templates[area+"/"+name]
	if read == nil {
		return fmt.Errorf("web: no template %s/%s", area, name)
	}
	t, err := read()
	if err != nil {
		return fmt.Errorf("web: template %s/%s: %w", area, name, err)
	}
	all := shown{Screen: s, Person: v.Person, Company: v.site.opt.Company(v.Context()), Menu: v.menu(), Assets: v.site.assets,
		Flash: v.sessions.PopString(v.Context(), flashKey)}
	var page bytes.Buffer
	if err := t.ExecuteTemplate(&page, "page", all); err != nil {
		return fmt.Errorf("web: page %s: %w", name, err)
	}
	v.Writer.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.Writer.WriteHeader(status)
	_, _ = page.WriteTo(v.Writer)
	return nil
}

// menu lists the pages that the person may see.
func (v *Visit) menu() (list []shownLink) {
	if v.Person.ID == 0 {
		return nil
	}
	for _, l := range v.site.menu() {
		if !v.Person.opens(l.For) {
			continue
		}
		at := v.Request.URL.Path
		here := at == l.Path || strings.HasPrefix(at, l.Path+"/") && l.Path != homePath ||
			slices.ContainsFunc(l.Below, func(begins string) bool { return strings.HasPrefix(at, begins) })
		list = append(list, shownLink{l, here})
	}
	return list
}

// Saved sends the browser to a page of ours, which shows the text once.
func (v *Visit) Saved(path, text string) error {
	v.sessions.Put(v.Context(), flashKey, text)
	return v.Go(path)
}

// Go sends the browser to a page of ours.
func (v *Visit) Go(path string) error {
	path = OwnPath(path)
	if path == signInPath && v.framed() {
		path = TabPath + "?stay=yes" // no other page for strangers may be shown in a frame
	}
	http.Redirect(v.Writer, v.Request, path, http.StatusSeeOther)
	return nil
}

// OwnPath returns a path if it leads to a page of this site, else that of the first page: what stands in an address
// must not send anybody to another site.
func OwnPath(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return homePath
	}
	for _, prefix := range pagePaths() {
		if path == prefix || strings.HasSuffix(prefix, "/") && strings.HasPrefix(path, prefix) || strings.HasPrefix(path, prefix+"?") {
			return path
		}
	}
	return homePath
}

// Refuse answers with a page that says what is wrong and what to do.
func (v *Visit) Refuse(status int, text, hint string) error {
	if v.plain {
		return v.text(status, text+" "+hint)
	}
	return v.show(status, "web", "refused", Screen{Title: text, Data: hint})
}

// NotFound answers that there is no such page or thing.
func (v *Visit) NotFound() error {
	return v.Refuse(http.StatusNotFound, "There is no such page.", "It may have been renamed or taken out. Look for it in the menu.")
}

// Remember keeps something for this browser until it is signed out; an empty text forgets it.
func (v *Visit) Remember(key, value string) {
	if value == "" {
		v.sessions.Remove(v.Context(), "page."+key)
		return
	}
	v.keepShortly()
	v.sessions.Put(v.Context(), "page."+key, value)
}

// strangerLife is how long something is kept for a browser that nobody is signed in with.
const strangerLife = 30 * time.Minute

// keepShortly lets the session of somebody who is not signed in end soon: anybody can begin as many as he likes.
// Signing in begins a new one.
func (v *Visit) keepShortly() {
	if v.Person.ID == 0 {
		v.sessions.SetDeadline(v.Context(), v.site.opt.Now().Add(strangerLife))
	}
}

// Recall returns what was remembered; "" = nothing.
func (v *Visit) Recall(key string) string { return v.sessions.GetString(v.Context(), "page."+key) }

// Keys of what a session holds.
const (
	personKey = "person"
	flashKey  = "flash"
	nextKey   = "next"

	// When the agent had signed out everywhere last, as the session began, in microseconds since 1970. While that is
	// so, the session counts: no two clocks are compared.
	signedOutKey = "signed out"

	// How much the agent might when the session got its token.
	rankKey = "rank"
)

// SignIn makes this browser that of an agent. Its session gets a new token, so that a token that somebody planted
// before is worth nothing. It goes on to the page for which the sign-in was asked, else to the one at first; "" = the
// first of all pages.
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

// SignInTo does the same, and goes on to a page.
func (v *Visit) SignInTo(agent bridge.AgentID, path string) error {
	v.sessions.Put(v.Context(), nextKey, OwnPath(path))
	return v.SignIn(agent, "")
}

// SignOut ends this browser's session.
func (v *Visit) SignOut() error { return v.sessions.Destroy(v.Context()) }

// stillWithin bounds one look whether a session goes on.
const stillWithin = 10 * time.Second

// StillSignedIn looks anew whether the session goes on, for pages that are sent for as long as they are open: its browser
// may have signed out meanwhile, or another one everywhere.
func (v *Visit) StillSignedIn() (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), stillWithin) // the request's holds the session as it was
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
	return v.sessions.GetInt64(ctx, signedOutKey) == p.SignedOut.UnixMicro(), err
}

// person finds who is signed in; the zero Person if nobody is.
func (v *Visit) person() (Person, error) {
	ctx := v.Context()
	id := v.sessions.GetInt64(ctx, personKey)
	if id == 0 {
		return Person{}, nil
	}
	p, err := v.site.opt.People.Person(ctx, bridge.AgentID(id))
	switch {
	case errors.Is(err, ErrNobody), err == nil && v.sessions.GetInt64(ctx, signedOutKey) != p.SignedOut.UnixMicro():
		return Person{}, v.sessions.Destroy(ctx)
	case err != nil:
		return Person{}, err
	case v.sessions.GetInt(ctx, rankKey) != p.rank(): // a token that leaked before opens no more doors, and none later
		v.sessions.Put(ctx, rankKey, p.rank())
		err = v.sessions.RenewToken(ctx)
	}
	return p, err
}
