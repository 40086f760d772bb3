package web

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"parley/bridge"
)

// Visit is a request with its response, session and person. Site.guardRoute creates it, makes all checks, and passes it to
// the handler of the route (Route.Do). The handler responds with one call:
//
//	return v.Show("tags", screen)    // render the template tags.html of the area
//	return v.Go("/settings/tags")    // redirect to another page
//	return v.Refuse(http.StatusNotFound, "There is no such tag.", "Look for it in the list.")
//
// It may be used by one goroutine at a time.
type Visit struct {
	Request *http.Request
	Writer  http.ResponseWriter
	Person  Person // zero if nobody is signed in
	Token   string // the name of the API token, if a program acts for Person; "" if Person is signed in

	site     *Site
	sessions *scs.SessionManager // of normal pages, or of pages in a frame (see tab.go)
	area     string
	textOnly bool // a program: gets plain text instead of pages
}

// Screen is the part of a page between the header and the footer.
type Screen struct {
	Title string // the heading
	Help  string // a sentence or two about the purpose of the page
	Data  any    // the data of the page's template
	Leave string // the address of another site to which the browser goes on by itself; see Visit.Leave
	Tabs  []Tab  // in place of those of the page's entry in the menu; nil keeps these
}

// Context returns the request's context. It ends when the client disconnects.
func (v *Visit) Context() context.Context { return v.Request.Context() }

// Now returns the current time in the person's time zone.
func (v *Visit) Now() time.Time {
	if v.Person.Zone == nil {
		return v.site.opt.Now()
	}
	return v.site.opt.Now().In(v.Person.Zone)
}

// Value returns a parameter of the submitted form or of the query, without surrounding spaces.
func (v *Visit) Value(name string) string { return strings.TrimSpace(v.Request.FormValue(name)) }

// pageData is the data of the template of all pages.
type pageData struct {
	Screen

	Person  Person
	Company string
	Version string
	Menu    []menuGroup
	Tabs    []Tab
	Flash   string // a message that is shown once; see GoWithText
	Framed  bool   // the page is in a frame; see tab.go
	Assets  *assets
}

// Show responds with a page. name is the template's file name in the area, without ".html".
func (v *Visit) Show(name string, s Screen) error { return v.show(http.StatusOK, v.area, name, s) }

// ShowAgain responds with a page like Show, but with status 422. It is for submitted forms with errors.
func (v *Visit) ShowAgain(name string, s Screen) error {
	return v.show(http.StatusUnprocessableEntity, v.area, name, s)
}

// show renders a page completely before it writes it, so that an error can't leave half a page.
func (v *Visit) show(status int, area, name string, s Screen) error {
	parse := v.site.templates[area+"/"+name]
	if parse == nil {
		return fmt.Errorf("web: no template %s/%s", area, name)
	}

	t, err := parse()
	if err != nil {
		return fmt.Errorf("web: template %s/%s: %w", area, name, err)
	}

	menu, tabs := v.menuFor()
	if s.Tabs != nil {
		tabs = s.Tabs
	}
	data := pageData{
		Screen:  s,
		Person:  v.Person,
		Company: v.site.opt.Company(v.Context()),
		Version: v.site.opt.Version,
		Menu:    menu,
		Tabs:    tabs,
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
	_, _ = page.WriteTo(v.Writer) // an error means that the browser has disconnected
	return nil
}

// GoWithText redirects to a page of this site, which shows the text once.
func (v *Visit) GoWithText(path, text string) error {
	v.sessions.Put(v.Context(), flashKey, text)
	return v.Go(path)
}

// Go redirects to a page of this site.
func (v *Visit) Go(path string) error {
	path = OwnPath(path)
	if path == signInPath && v.isFramed() {
		path = TabPath + "?stay=yes" // the sign-in page in frames
	}
	http.Redirect(v.Writer, v.Request, path, http.StatusSeeOther)
	return nil
}

// OwnPath returns path if it is a path of this site, and otherwise the home page's. It prevents open redirects: paths
// from URLs must not lead to another site, such as "//other.example".
func OwnPath(path string) string {
	isOnSite := strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//")
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

// Refuse responds with a page that says what is wrong (text) and what to do (hint). Programs get plain text.
func (v *Visit) Refuse(status int, text, hint string) error {
	if v.textOnly {
		return v.writeText(status, text+" "+hint)
	}
	return v.show(status, "web", "refused", Screen{Title: text, Data: hint})
}

// Leave sends the browser to another site, such as Google, whose name is at. path leads back. The answer is a page that goes
// on by itself: the Content-Security-Policy forbids forms that are redirected to other sites, and in a frame a person has
// to open the browser.
func (v *Visit) Leave(link, at, path string) error {
	if v.isFramed() {
		link = ""
	}
	s := Screen{Title: "On to " + at, Leave: link, Data: map[string]string{"At": at, "Path": path}}
	return v.show(http.StatusOK, "web", "leave", s)
}

// NotFound responds with status 404.
func (v *Visit) NotFound() error {
	if v.textOnly {
		return v.Refuse(http.StatusNotFound, "There is no such address.", "docs/api.md has them all.")
	}
	return v.Refuse(http.StatusNotFound, "There is no such page.", "It may have been renamed or taken out. Look for it in the menu.")
}

// Remember stores a value in the session. An empty value removes it.
func (v *Visit) Remember(key, value string) {
	if value == "" {
		v.sessions.Remove(v.Context(), "page."+key)
		return
	}
	v.shortenSession()
	v.sessions.Put(v.Context(), "page."+key, value)
}

// anonymousLifetime is the lifetime of a session in which nobody is signed in.
const anonymousLifetime = 30 * time.Minute

// shortenSession shortens the session if nobody is signed in, because anybody can create any number of such sessions. The
// sign-in restores the normal lifetime.
func (v *Visit) shortenSession() {
	if v.Person.ID == 0 {
		v.sessions.SetDeadline(v.Context(), v.site.opt.Now().Add(anonymousLifetime))
	}
}

// Recall returns a value that Remember stored, or "" if there is none.
func (v *Visit) Recall(key string) string { return v.sessions.GetString(v.Context(), "page."+key) }

// Session keys.
const (
	personKey = "person" // the agent's id
	flashKey  = "flash"
	nextKey   = "next" // the path to redirect to after the sign-in

	// The agent's Person.SignedOut when the session began, in microseconds since 1970. If it has changed, the session is no
	// longer valid. The values are only compared for equality, so clocks don't matter.
	signedOutKey = "signed out"

	// Person.rights when the session got its token.
	rightsKey = "rank"
)

// SignIn signs an agent in with this browser and redirects to the page that was requested before the sign-in. If none
// was, it redirects to first, or to the home page if first is "". The session gets a new token, which prevents session
// fixation: a token that an attacker planted in the browser becomes useless.
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

	v.sessions.Put(ctx, personKey, int64(agent)) // sessions store only built-in types
	v.sessions.Put(ctx, rightsKey, person.rights())
	v.sessions.Put(ctx, signedOutKey, person.SignedOut.UnixMicro())
	return v.Go(cmp.Or(next, first))
}

// SignInTo signs an agent in like SignIn, and redirects to path.
func (v *Visit) SignInTo(agent bridge.AgentID, path string) error {
	v.sessions.Put(v.Context(), nextKey, OwnPath(path))
	return v.SignIn(agent, "")
}

// SignOut ends this browser's session.
func (v *Visit) SignOut() error { return v.sessions.Destroy(v.Context()) }

// signedInTimeout is the time limit of StillSignedIn.
const signedInTimeout = 10 * time.Second

// StillSignedIn reports whether the session is still valid. Long streamed responses call it from time to time, because the
// person may sign out in another tab.
func (v *Visit) StillSignedIn() (bool, error) {
	// The request's context has the session as of the beginning of the request, so it is loaded again.
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

// loadPerson returns the person of the session, or the zero Person if nobody is signed in. It destroys sessions that are
// no longer valid.
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

	if v.sessions.GetInt(ctx, rightsKey) != p.rights() { // see Person.rights
		v.sessions.Put(ctx, rightsKey, p.rights())
		if err := v.sessions.RenewToken(ctx); err != nil {
			return Person{}, err
		}
	}
	return p, nil
}
