package web

import (
	"fmt"
	"html/template"
	"io/fs"
)

// Parley's web site is made of areas. An area, such as the settings or the inbox, is a package below this one that
// returns an Area: its templates and its routes. A route names the role that may use it. The menu is a table in menu.go:
//
//	web.Route{Pattern: "GET /settings/tags", For: web.Admins, Do: p.showTags}
//
// New registers the routes of all areas. It checks roles before it calls a handler, so that handlers needn't.

// Pages of areas to which this package redirects: the settings and the sign-in.
const (
	homePath   = "/settings"
	signInPath = "/auth/sign-in"
)

// Role says who may use a route. Each role includes the people of the roles above it.
type Role int

// Roles.
const (
	SuperAdmins Role = iota // the zero value: a route without a role is open to the fewest people
	Admins
	Unblockers // who may see the blocked senders
	Agents     // everybody who is signed in
	Anyone     // including people who are not signed in
)

// mayOpen reports whether the person may use a route for role r.
func (p Person) mayOpen(r Role) bool {
	switch r {
	case SuperAdmins:
		return p.Super
	case Admins:
		return p.Admin
	case Unblockers:
		return p.Blocked
	case Agents:
		return p.ID != 0
	case Anyone:
		return true
	}
	return false
}

// rights returns a number that changes when the person gains or loses admin rights. The session then gets a new token,
// so that a token that leaked earlier never gets the new rights.
func (p Person) rights() int {
	if p.Super {
		return 2 //nolint:mnd // above an admin
	}
	if p.Admin {
		return 1
	}
	if p.Blocked {
		return 3 //nolint:mnd // another number
	}
	return 0
}

// Route is one handler of the site, with who may call it.
type Route struct {
	Pattern string // a pattern of http.ServeMux: "GET /settings/tags/{name}"
	For     Role
	Do      func(*Visit) error

	// Streams allows half an hour for the response instead of a page's pageTimeout. The handler can extend it with
	// Visit.GiveTime, and must end the response itself.
	Streams bool

	// Reads leaves the request's body to the handler, for large uploads. The handler must limit how much it reads.
	Reads bool

	// Token is set on routes that programs call with an API token. These routes ignore sessions and For.
	Token *ByToken

	area string
}

// Area is a group of pages that belong together, such as the settings.
type Area struct {
	Name      string           // "settings"
	Templates fs.FS            // each *.html file defines "main", the part of the page between header and footer
	Funcs     template.FuncMap // functions for the templates, in addition to those of every area
	Routes    []Route
}

// templateNames returns the names of an area's template files. An area without templates is an error.
func templateNames(a Area) ([]string, error) {
	names, err := fs.Glob(a.Templates, "*.html")
	if err != nil {
		return nil, fmt.Errorf("web: list templates of area %s: %w", a.Name, err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("web: area %s has no templates", a.Name)
	}
	return names, nil
}
